import { type Lease, registry } from '@jumun/service-kit';
import { eventually } from '@jumun/testkit';
import { startSweep } from './sweep.ts';

const logger = { info: () => {}, warn: () => {}, error: () => {} };
const events = { resend: () => Promise.resolve(0) };

/** A lease of one holder at a time that is never lost by itself. */
const shared = (): ((holder: string) => Lease) => {
  let held: string | undefined;
  return (holder) => ({
    acquire: () => {
      held ??= holder;
      return Promise.resolve(held === holder ? { state: 'held', token: 1 } : { state: 'busy' });
    },
    release: () => {
      if (held === holder) held = undefined;
      return Promise.resolve();
    },
  });
};

it('an instance that cannot sweep leaves it to one that can', async () => {
  const leaseOf = shared();
  const sweeps: string[] = [];
  const start = (name: string, isAble: boolean) => {
    const sweep = () => {
      sweeps.push(name);
      return isAble ? Promise.resolve({ moved: 0, failed: [] }) : Promise.reject(new Error('no broker'));
    };
    return startSweep({ runner: { sweep }, events, everyMs: 5, standAsideMs: 60_000, lease: leaseOf(name), logger });
  };
  const stopUnable = start('unable', false);
  await eventually(() => sweeps.length > 0);
  const stopAble = start('able', true);
  await eventually(() => sweeps.length >= 4);
  await Promise.all([stopUnable(), stopAble()]);
  expect(sweeps.slice(0, 4)).toEqual(['unable', 'able', 'able', 'able']);
});

it('says of which sagas it can make nothing, and goes on', async () => {
  const told: unknown[] = [];
  const error = (about: unknown) => void told.push(about);
  const broken = { sagaId: 'a', error: new Error('no such definition') };
  const sweep = () => Promise.resolve({ moved: 3, failed: [broken, { ...broken, sagaId: 'b' }] });
  const parts = { runner: { sweep }, events, everyMs: 5, standAsideMs: 60_000, lease: shared()('one'), logger: { ...logger, error } };
  const stop = startSweep(parts);
  await eventually(() => told.length >= 2);
  await stop();
  expect(told[0]).toEqual({ sagas: 2, sagaId: 'a', err: broken.error });
  const counted = await registry.getSingleMetricAsString('jumun_saga_immovable_total');
  expect(counted.split('\n')).toContain(`jumun_saga_immovable_total ${2 * told.length}`);
});
