import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { openDataFolder } from './data-folder.ts';

const dir = mkdtempSync(join(tmpdir(), 'jumun-data-'));
afterAll(() => rmSync(dir, { recursive: true }));

const mariadb = { server: 'mariadb', version: '10.11.19' };
const make = (folder: string) => (): Promise<Record<string, string>> => {
  writeFileSync(join(folder, 'ibdata1'), 'tables');
  return Promise.resolve({ rootPassword: 'secret' });
};

test('a folder is made once and opened ever after', async () => {
  const folder = join(dir, 'fine');
  expect(await openDataFolder(folder, mariadb, make(folder))).toMatchObject({ rootPassword: 'secret' });
  const again = await openDataFolder(folder, { ...mariadb, version: '10.11.20' }, () => Promise.reject(new Error('made twice')));
  expect(again).toMatchObject({ rootPassword: 'secret', version: '10.11.19' });
});

test('a half-written folder is explained, and left as it is', async () => {
  const folder = join(dir, 'half');
  mkdirSync(folder);
  writeFileSync(join(folder, 'ibdata1'), 'half a table');
  const failure = String(await openDataFolder(folder, mariadb, make(folder)).catch((error: unknown) => error));
  expect(failure).toMatch(/half is half written[^]*rm -r/);
  expect(existsSync(join(folder, 'ibdata1'))).toBe(true);
});

test('making it again after a failure in the middle is refused as well', async () => {
  const folder = join(dir, 'interrupted');
  const interrupted = (): Promise<never> => {
    writeFileSync(join(folder, 'ibdata1'), '');
    return Promise.reject(new Error('power cut'));
  };
  await expect(openDataFolder(folder, mariadb, interrupted)).rejects.toThrow('power cut');
  await expect(openDataFolder(folder, mariadb, make(folder))).rejects.toThrow('half written');
});

test('data of another release or another server is explained, and left as it is', async () => {
  const folder = join(dir, 'other');
  await openDataFolder(folder, mariadb, make(folder));
  await expect(openDataFolder(folder, { server: 'mariadb', version: '11.8.6' }, make(folder))).rejects.toThrow(
    'was written by mariadb 10.11.19; installed is mariadb 11.8.6',
  );
  await expect(openDataFolder(folder, { server: 'mysql', version: '10.11.19' }, make(folder))).rejects.toThrow('was written by mariadb');
});

test.each(['', '{"serv', 'null', '{}', '{"server":5}'])(
  'a mark that cannot be read is explained, and the folder left as it is: %j',
  async (text) => {
    const folder = mkdtempSync(join(dir, 'mark-'));
    await openDataFolder(join(folder, 'data'), mariadb, make(join(folder, 'data')));
    writeFileSync(join(folder, 'data', 'jumun.json'), text);
    const failure = await openDataFolder(join(folder, 'data'), mariadb, make(folder)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(String(failure)).toMatch(/jumun\.json[^]*cannot be read[^]*rm -r/);
    expect(existsSync(join(folder, 'data', 'ibdata1'))).toBe(true);
  },
);

test('a mark appears whole or not at all, and only its owner may read it', async () => {
  const folder = join(dir, 'whole');
  const full = (): Promise<Record<string, string>> => {
    mkdirSync(join(folder, 'jumun.json.new')); // no file can be written there, as on a full disk
    return Promise.resolve({});
  };
  await expect(openDataFolder(folder, mariadb, full)).rejects.toThrow('EISDIR');
  expect(existsSync(join(folder, 'jumun.json'))).toBe(false);
  await openDataFolder(join(dir, 'own'), mariadb, make(join(dir, 'own')));
  expect(statSync(join(dir, 'own', 'jumun.json')).mode & 0o777).toBe(0o600);
});
