import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@jumun/testkit/eventually';
import { createConnection } from 'mariadb';
import type { Supervision } from '../managed-process.ts';
import { isRunning, refOf } from '../process-ref.ts';
import { CONNECT_WITHIN_MS, type Infrastructure } from './connection.ts';
import { containersOf, stopContainers } from './docker.ts';
import { infraKind, startInfrastructure } from './start.ts';

const query = async ({ mysql }: Infrastructure, sql: string): Promise<unknown> => {
  const { host, port, rootUser, rootPassword } = mysql;
  const account = { host, port, user: rootUser, password: rootPassword };
  const connection = await createConnection({ ...account, connectTimeout: CONNECT_WITHIN_MS, allowPublicKeyRetrieval: true });
  try {
    return await connection.query(sql);
  } finally {
    await connection.end();
  }
};

test('committed rows survive a kill of the server and a start on other ports; nothing is left running at the end', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'jumun-infra-'));
  let infra = await startInfrastructure({ dir });
  try {
    await query(infra, 'CREATE DATABASE example');
    await query(infra, 'CREATE TABLE example.note (id INT PRIMARY KEY)');
    await query(infra, 'INSERT INTO example.note VALUES (1)');
    await infra.servers.mysql.kill();
    await expect(query(infra, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED|socket|timeout/i);
    await infra.servers.mysql.start();
    expect(await query(infra, 'SELECT id FROM example.note')).toEqual([{ id: 1 }]);

    const [{ temporaryDir }] = (await query(infra, 'SELECT @@tmpdir AS temporaryDir')) as [{ temporaryDir: string }];
    expect(existsSync(temporaryDir)).toBe(infra.kind === 'native');
    await infra.stop();
    expect(existsSync(temporaryDir)).toBe(false);
    infra = await startInfrastructure({ dir });
    expect(await query(infra, 'SELECT id FROM example.note')).toEqual([{ id: 1 }]);
    await expect(query({ ...infra, mysql: { ...infra.mysql, rootPassword: '' } }, 'SELECT 1')).rejects.toThrow(/denied/);
    await infra.servers.kafka.kill();
    await infra.servers.kafka.start();
  } finally {
    const refs = Object.values(infra.servers).map(({ pid }) => refOf(pid));
    await infra.stop();
    expect(refs.filter((ref) => isRunning(ref))).toEqual([]);
    if (infra.kind === 'docker') await stopContainers(dir, { remove: true });
    rmSync(dir, { recursive: true });
  }
}, 180_000);

test('the topic of the groups’ offsets is made before anybody joins a group', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'jumun-infra-'));
  const infra = await startInfrastructure({ dir, kind: 'native' });
  try {
    expect(await eventually(() => existsSync(join(dir, 'data', 'kafka', 'data', '__consumer_offsets-0')))).toBe(true);
  } finally {
    await infra.stop();
    rmSync(dir, { recursive: true });
  }
}, 180_000);

test('where one server cannot even be prepared, those that were begun have ended when that is told', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'jumun-infra-'));
  mkdirSync(join(dir, 'data'));
  writeFileSync(join(dir, 'data', 'redis'), ''); // where its folder would be
  const events: string[] = [];
  const onChange: Supervision['onChange'] = ({ name }, what) => events.push(`${name} ${what}`);
  try {
    await expect(startInfrastructure({ dir, kind: 'native', supervision: { restart: true, onChange } })).rejects.toThrow('EEXIST');
    expect(events.toSorted()).toEqual(['kafka exited', 'kafka started', 'mysql exited', 'mysql started']);
  } finally {
    rmSync(dir, { recursive: true });
  }
}, 180_000);

test('a folder that was removed begins anew, once volumes whose password went with it are removed as well', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'jumun-infra-'));
  try {
    const first = await startInfrastructure({ dir });
    await query(first, 'CREATE DATABASE example');
    await first.stop();
    rmSync(dir, { recursive: true });
    const isDocker = first.kind === 'docker';
    const told = isDocker ? String(await startInfrastructure({ dir }).catch((error: unknown) => error)) : '';
    expect(told.includes('Docker has data of this folder')).toBe(isDocker);
    if (isDocker) await stopContainers(dir, { remove: true });
    const second = await startInfrastructure({ dir });
    expect(await query(second, "SHOW DATABASES LIKE 'example'")).toEqual([]);
    const containers = second.kind === 'docker' ? await containersOf(dir) : [];
    expect(containers.map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual(
      second.kind === 'docker' ? ['kafka running', 'mysql running', 'redis running'] : [],
    );
    await second.stop();
  } finally {
    if (infraKind() === 'docker') await stopContainers(dir, { remove: true });
    rmSync(dir, { recursive: true, force: true });
  }
}, 180_000);
