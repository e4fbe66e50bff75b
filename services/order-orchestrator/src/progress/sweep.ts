import type { SagaRunner } from '@jumun/saga';
import { type Lease, type Logger, monotonicMs, type Tx, within } from '@jumun/service-kit';
import { immovableSagas } from '../metrics.ts';
import type { Events } from './events.ts';

interface Parts {
  readonly runner: Pick<SagaRunner<Tx>, 'sweep'>;
  readonly events: Pick<Events, 'resend'>;
  readonly everyMs: number;
  /** Saves the other instances the look; without Redis all of them look, and versions decide. */
  readonly lease: Lease;
  /** After a sweep that failed the lease is left to the others for so long. */
  readonly standAsideMs: number;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** So long does a stop wait for a sweep: one that hangs on its broker is the next instance's to do again. */
const STOP_MS = 500;

/** Takes up sagas that nothing has moved for too long, whoever began them. Answers how to stop. */
export const startSweep = ({ runner, events, everyMs, lease, standAsideMs, logger }: Parts): (() => Promise<void>) => {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let asideUntil = 0;
  const sweep = async (): Promise<void> => {
    if (monotonicMs() < asideUntil || (await lease.acquire()).state === 'busy') return;
    // Side by side: events of what has ended do not hang on commands that cannot be sent.
    const [sagas, unsent] = await Promise.allSettled([runner.sweep(), events.resend()]);
    const { moved: recovered, failed: immovable } = sagas.status === 'fulfilled' ? sagas.value : { moved: 0, failed: [] };
    const resent = unsent.status === 'fulfilled' ? unsent.value : 0;
    if (recovered + resent > 0) logger.info({ recovered, resent }, 'sweep');
    if (immovable[0] !== undefined) {
      const [{ sagaId, error: err }] = immovable;
      logger.error({ sagas: immovable.length, sagaId, err }, 'sagas cannot be moved, such as this one: a person has to look');
      immovableSagas(immovable.length);
    }
    const failed = [sagas, unsent].find((done) => done.status === 'rejected');
    if (failed === undefined) return;
    logger.warn({ err: failed.reason as unknown }, 'the sweep failed; another instance may have more luck');
    asideUntil = monotonicMs() + standAsideMs;
    await lease.release();
  };
  const timer = setInterval(() => {
    running = running.then(async () => {
      if (stopped) return;
      await sweep().catch((error: unknown) => logger.warn({ err: error }, 'the sweep failed; the next one follows'));
    });
  }, everyMs);
  return async () => {
    stopped = true;
    clearInterval(timer);
    await within(STOP_MS, running);
    await lease.release();
  };
};
