import type { ChildProcess } from 'node:child_process';

// A supervisor that is left behind, and the process in the foreground that waits until it is ready: the two ends of their channel.

/** What the foreground is asked, it asks of the supervisor: it is a process of its own, which no terminal reaches. */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Waits until the supervisor is ready, or has ended (its exit code). A signal to this process ends the supervisor as long as it is waited for. */
export const untilReady = async (supervisor: ChildProcess): Promise<'ready' | number> => {
  const end = (): void => void supervisor.kill('SIGTERM');
  for (const signal of passedOn) process.on(signal, end);
  try {
    return await new Promise((resolve) => {
      supervisor.once('message', () => resolve('ready'));
      supervisor.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    for (const signal of passedOn) process.off(signal, end);
  }
};

/** Tells the foreground that the supervisor is ready. It may be gone, or go this very moment: what was started runs on without it. */
export const sayReady = (): void => {
  if (process.connected) process.send?.('ready', undefined, undefined, () => undefined);
};
