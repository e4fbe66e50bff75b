import { createServer } from 'node:net';

/** Each worker of jest has one in so many ports for itself. */
const SHARES = 4;

/** What this process has been given. Somebody may not listen there yet. */
const given = new Set<number>();

const unusedPort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

/** Those that Linux chooses are odd, so their last bit tells nothing. */
const isOurs = (port: number): boolean => (port >>> 1) % SHARES === Number(process.env['JEST_WORKER_ID'] ?? 0) % SHARES;

/**
 * A port of 127.0.0.1 on which nobody listens at the moment, and which no other test is given: a process takes seconds until it listens there,
 * and Linux chooses from some seven thousand by chance.
 */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = await unusedPort();
    if (given.has(port) || !isOurs(port)) continue;
    given.add(port);
    return port;
  }
};

/** `127.0.0.1:` and a free port. */
export const freeAddress = async (): Promise<string> => `127.0.0.1:${await freePort()}`;
