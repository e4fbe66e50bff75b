import type { Lease } from '@jumun/service-kit';
import { eventually } from '@jumun/testkit';
import { startSweep } from './sweep.ts';

const logger = { info: () => {}, warn: () => {} };
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
      return isAble ? Promise.resolve(0) : Promise.reject(new Error('no broker'));
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
