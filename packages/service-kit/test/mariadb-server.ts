import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@jumun/testkit';
import { type ConnectionConfig, createConnection } from 'mariadb';
import { inContainers, startContainer } from './container.ts';

export interface MariadbServer {
  port: number;
  /** A schema of its own; answers its URL. */
  schema(): Promise<string>;
  stop(): Promise<void>;
}

// Debian keeps the server where only root's path leads.
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/local/sbin:/usr/sbin` };
const isThere = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore', env }).error === undefined;

/**
 * A MariaDB for one spec, or a MySQL where only that is installed, or where this run's own servers are containers. The run's own one
 * would not do: a database's own settings must hold against those of a server that has none.
 */
export const startMariadb = async (): Promise<MariadbServer> => {
  const port = await freePort();
  const { admin, ...running } = inContainers() ? container(port) : native(port);
  for (const deadline = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    try {
      const conn = await createConnection(admin);
      await conn.query("CREATE USER IF NOT EXISTS kit@'%' IDENTIFIED BY 'p@ss:word'");
      await conn.query("GRANT ALL ON *.* TO kit@'%'");
      await conn.end();
      break;
    } catch (error) {
      if (Date.now() > deadline) throw error;
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
    ...running,
  };
};

interface Running {
  admin: ConnectionConfig;
  stop(): Promise<void>;
}

/** The driver's own second is less than a busy machine takes at times. */
const CONNECT_MS = 10_000;

const tuning = ['--innodb-buffer-pool-size=32M', '--innodb-flush-log-at-trx-commit=1', '--performance-schema=OFF', '--skip-name-resolve'];

const container = (port: number): Running => ({
  admin: { host: '127.0.0.1', port, user: 'root', allowPublicKeyRetrieval: true, connectTimeout: CONNECT_MS },
  ...startContainer('mysql:8.4', {
    port,
    inside: 3306,
    env: { MYSQL_ALLOW_EMPTY_PASSWORD: 'yes', MYSQL_ROOT_HOST: '%' },
    args: ['mysqld', ...tuning],
  }),
});

const native = (port: number): Running => {
  const dir = mkdtempSync(join(tmpdir(), 'kit-mariadb-'));
  const socketPath = join(dir, 's.sock');
  const [program, ...install] = isThere('mariadbd')
    ? ['mariadbd', 'mariadb-install-db', '--auth-root-authentication-method=normal', '--skip-test-db']
    : ['mysqld', 'mysqld', '--initialize-insecure'];
  const root = process.getuid?.() === 0 ? ['--user=root'] : [];
  // A MariaDB that starts removes what it takes for its own old temporary tables, so no two may share a place for them.
  const flags = ['--no-defaults', ...root, `--datadir=${join(dir, 'data')}`, `--tmpdir=${dir}`];
  const [installer = '', ...how] = install;
  execFileSync(installer, [...flags, ...how], { stdio: 'pipe', env });
  const child = spawn(program, [...flags, `--socket=${socketPath}`, '--bind-address=127.0.0.1', `--port=${port}`, ...tuning], {
    stdio: 'ignore',
    env,
  });
  const exited = once(child, 'exit');
  return {
    admin: { socketPath, user: 'root', connectTimeout: CONNECT_MS },
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
};
