import type { SagaRunner } from '@jumun/saga';
import type { Lease, Logger, Tx } from '@jumun/service-kit';
import type { Events } from './events.ts';

interface Parts {
  readonly runner: SagaRunner<Tx>;
  readonly events: Events;
  readonly everyMs: number;
  /** Saves the other instances the look; without Redis all of them look, and versions decide. */
  readonly lease: Lease;
  readonly logger: Logger;
}

/** Takes up sagas that nothing has moved for too long, whoever began them. Answers how to stop. */
export const startSweep = ({ runner, events, everyMs, lease, logger }: Parts): (() => Promise<void>) => {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  const sweep = async (): Promise<void> => {
    if ((await lease.acquire()).state === 'busy') return;
    const recovered = await runner.sweep();
    const resent = await events.resend();
    if (recovered + resent > 0) logger.info({ recovered, resent }, 'sweep');
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
    await running;
    await lease.release();
  };
};
