import { Failure } from './failure.ts';

/** What has the supervisor of a cluster end it, and with which exit code. */
export interface Ending {
  /** A signal, or an exception that nobody has caught: to end by itself would leave everything that it has started running on. */
  asked: Promise<number>;
  /** Gives up a start. */
  signal: AbortSignal;
}

/** Listens from now on, for the rest of this process. */
export const listenForEnd = (): Ending => {
  const starting = new AbortController();
  // Whoever read it is gone, or the disk that it lies on is full: the cluster does not need to be heard.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const asked = new Promise<number>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        starting.abort(
          new Failure('Interrupted while starting; what had been started was ended.', 'npm start begins again where it stopped.'),
        );
        resolve(0);
      });
    }
    process.on('uncaughtException', (error) => {
      console.error(error);
      console.error('  → Nobody expected this, so the cluster is ended. What the services say to it: npm run logs');
      starting.abort(new Failure('The start was given up; what had been started was ended.', 'Why stands above. Then start again.'));
      resolve(1);
    });
  });
  return { asked, signal: starting.signal };
};
