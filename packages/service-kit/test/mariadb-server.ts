import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mariadb';

export interface MariadbServer {
  port: number;
  /** A schema of its own; answers its URL. */
  schema(): Promise<string>;
  stop(): Promise<void>;
}

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

// Debian keeps the server where only root's path leads.
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/local/sbin:/usr/sbin` };

/** A MariaDB for one spec: this package comes before the testkit, and its specs stop connections and servers. */
export const startMariadb = async (): Promise<MariadbServer> => {
  const dir = mkdtempSync(join(tmpdir(), 'kit-mariadb-'));
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  const data = join(dir, 'data');
  execFileSync(
    'mariadb-install-db',
    ['--no-defaults', ...user, `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
    {
      stdio: 'ignore',
      env,
    },
  );
  const port = await freePort();
  const socket = join(dir, 's.sock');
  const flags = ['--no-defaults', ...user, `--datadir=${data}`, `--socket=${socket}`, '--bind-address=127.0.0.1', `--port=${port}`];
  const tuning = ['--innodb-buffer-pool-size=32M', '--innodb-flush-log-at-trx-commit=1', '--performance-schema=OFF', '--skip-name-resolve'];
  const child: ChildProcess = spawn('mariadbd', [...flags, ...tuning], { stdio: 'ignore', env });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const admin = { socketPath: socket, user: 'root' };
  for (let tries = 0; ; tries++) {
    try {
      const conn = await createConnection(admin);
      await conn.query("CREATE USER kit@'127.0.0.1' IDENTIFIED BY 'p@ss:word'");
      await conn.query("GRANT ALL ON *.* TO kit@'127.0.0.1'");
      await conn.end();
      break;
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  let schemas = 0;
  return {
    port,
    schema: async () => {
      const name = `kit_${++schemas}`;
      const conn = await createConnection(admin);
      await conn.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
      await conn.end();
      return `mysql://kit:p%40ss%3Aword@127.0.0.1:${port}/${name}`;
    },
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
};
