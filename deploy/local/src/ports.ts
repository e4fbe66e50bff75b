import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { basename } from 'node:path';

const host = '127.0.0.1';

/** Whether a server could listen on the port now. */
export const isPortFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });

/** Ports that nobody uses, all different. They are only free until somebody else takes them, so use them soon. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port: 0, host }, () => resolve(server));
      });
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

/** Whether somebody accepts connections on the port. */
export const answers = (port: number, withinMs = 1000): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host });
    const done = (result: boolean) => () => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(withinMs, done(false));
    socket.once('connect', done(true));
    socket.once('error', done(false));
  });

/** Who listens on the port, for a message: `node (pid 123)`; undefined when that cannot be found out. */
export const whoListens = (port: number): string | undefined => {
  try {
    const inodes = new Set(
      ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
        readFileSync(table, 'utf8')
          .split('\n')
          .slice(1)
          .map((line) => line.trim().split(/\s+/))
          .filter((fields) => fields[3] === '0A' && Number.parseInt(fields[1]?.split(':')[1] ?? '', 16) === port)
          .map((fields) => `socket:[${fields[9]}]`),
      ),
    );
    if (inodes.size === 0) return undefined;
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (holdsOneOf(pid, inodes)) return `${basename(readlinkSync(`/proc/${pid}/exe`))} (pid ${pid})`;
    }
  } catch {
    // Not Linux, or somebody else's processes: the port is taken all the same.
  }
  return undefined;
};

const holdsOneOf = (pid: string, inodes: ReadonlySet<string>): boolean => {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
};
