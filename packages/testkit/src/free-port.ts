import { createServer } from 'node:net';

/** A port of 127.0.0.1 on which nobody listens at the moment. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

/** `127.0.0.1:` and a free port. */
export const freeAddress = async (): Promise<string> => `127.0.0.1:${await freePort()}`;
