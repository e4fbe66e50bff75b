import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mariadb';
import { Failure } from '../failure.ts';
import { ManagedProcess, type Supervision } from '../managed-process.ts';
import { rootDir, shortHash } from '../paths.ts';
import { findBinary } from './binaries.ts';
import { host } from './connection.ts';
import { openDataFolder } from './data-folder.ts';
import { run } from './run.ts';

const rootUser = 'root';

/** MariaDB's or MySQL's server in a data folder of its own, reachable by `root` over TCP on 127.0.0.1 with a random password. */
export const nativeMysql = async (
  { dir, port, logDir, temporaryDir }: { dir: string; port: number; logDir: string; temporaryDir: string },
  supervision: Supervision,
): Promise<{ server: ManagedProcess; rootUser: string; rootPassword: string }> => {
  const binary = findBinary('mariadbd', 'mysqld');
  if (binary === undefined) throw new Failure('There is no mariadbd and no mysqld.', 'Run: npm run doctor');
  const asRoot = userInfo().uid === 0 ? ['--user=root'] : [];
  const { version, flavour } = await versionOf(binary);
  const folder = join(dir, 'mysql');
  const settings = `--defaults-file=${join(rootDir, 'deploy/mysql/jumun.cnf')}`;
  // Its own also while it is made: a MariaDB that starts removes what it takes for its own old temporary tables.
  const temporary = `--tmpdir=${temporaryDir}`;
  const mark = await openDataFolder(folder, { server: flavour, version }, async () => {
    await createSystemTables(flavour, binary, settings, join(folder, 'data'), [...asRoot, temporary]);
    return { rootPassword: randomBytes(18).toString('base64url') };
  });
  const rootPassword = mark['rootPassword'] ?? '';
  const initFile = join(folder, 'root.sql');
  writeFileSync(initFile, rootAccountSql(rootPassword), { mode: 0o600 });
  const server = new ManagedProcess(
    {
      name: 'mysql',
      command: binary,
      args: [
        settings,
        ...asRoot,
        `--datadir=${join(folder, 'data')}`,
        `--port=${port}`,
        `--bind-address=${host}`,
        `--socket=${socketPath(folder)}`,
        `--pid-file=${join(folder, 'mysql.pid')}`,
        temporary,
        `--init-file=${initFile}`,
        ...(flavour === 'mysql' ? ['--mysqlx=OFF'] : []),
      ],
      logFile: join(logDir, 'mysql.log'),
      isReady: () => acceptsQueries({ port, password: rootPassword }),
      readyWithinMs: 60_000,
      stopGraceMs: 30_000,
    },
    supervision,
  );
  return { server, rootUser, rootPassword };
};

const versionOf = async (binary: string): Promise<{ version: string; flavour: 'mariadb' | 'mysql' }> => {
  const { output } = await run(binary, ['--no-defaults', '--version']);
  return { version: /Ver\s+(\d+\.\d+\.\d+)/.exec(output)?.[1] ?? 'unknown', flavour: output.includes('MariaDB') ? 'mariadb' : 'mysql' };
};

const createSystemTables = async (flavour: string, binary: string, settings: string, dataDir: string, more: string[]): Promise<void> => {
  const installer = findBinary('mariadb-install-db', 'mysql_install_db');
  if (flavour === 'mariadb' && installer === undefined)
    throw new Failure('mariadb-install-db is missing.', 'Install the package mariadb-server.');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const { code, output } =
    flavour === 'mariadb'
      ? await run(installer ?? '', [
          settings,
          ...more,
          `--datadir=${dataDir}`,
          '--auth-root-authentication-method=normal',
          '--skip-test-db',
          '--skip-name-resolve',
        ])
      : await run(binary, [settings, ...more, `--datadir=${dataDir}`, '--initialize-insecure']);
  if (code !== 0 || !existsSync(join(dataDir, 'mysql'))) {
    throw new Failure(
      `${flavour} could not make its data folder ${dataDir}:\n${output.trim().slice(-2000)}`,
      'Mend what it says, remove the folder and start again.',
    );
  }
};

/** Runs at each start, so that no first start can leave an account without a password behind. */
const rootAccountSql = (password: string): string =>
  [
    `CREATE USER IF NOT EXISTS '${rootUser}'@'${host}' IDENTIFIED BY '${password}'`,
    `ALTER USER '${rootUser}'@'${host}' IDENTIFIED BY '${password}'`,
    `GRANT ALL PRIVILEGES ON *.* TO '${rootUser}'@'${host}' WITH GRANT OPTION`,
    `ALTER USER '${rootUser}'@'localhost' IDENTIFIED BY '${password}'`,
    '',
  ].join(';\n');

/** A socket's path may have 107 characters at most; a checkout may lie deeper than that. */
const socketPath = (folder: string): string => {
  const inside = join(folder, 'mysql.sock');
  return inside.length < 100 ? inside : join(tmpdir(), `jumun-${shortHash(folder)}.sock`);
};

export const acceptsQueries = async ({ port, password }: { port: number; password: string }): Promise<boolean> => {
  const connection = await createConnection({ host, port, user: rootUser, password, connectTimeout: 2000, allowPublicKeyRetrieval: true });
  try {
    await connection.query('SELECT 1');
    return true;
  } finally {
    connection.destroy();
  }
};
