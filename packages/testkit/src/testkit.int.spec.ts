import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freshDatabase, freshPrefix, infrastructure } from './index.ts';

const migrations = mkdtempSync(join(tmpdir(), 'jumun-migrations-'));
mkdirSync(join(migrations, '1_init'));
writeFileSync(join(migrations, '1_init', 'migration.sql'), 'CREATE TABLE note (id INT PRIMARY KEY, text VARCHAR(20));\n');
afterAll(() => rmSync(migrations, { recursive: true }));

test('the servers of the run are known', async () => {
  const { mysql, redisUrl, kafkaBrokers } = await infrastructure();
  expect(mysql.port).toBeGreaterThan(0);
  expect(redisUrl).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
  expect(kafkaBrokers).toHaveLength(1);
});

test('two fresh databases do not see each other, and are gone when dropped', async () => {
  const [one, other] = await Promise.all([freshDatabase(migrations), freshDatabase(migrations)]);
  await one.db.execute('INSERT INTO note (id, text) VALUES (1, ?)', ['주문']);
  expect(await one.db.query('SELECT text FROM note')).toEqual([{ text: '주문' }]);
  expect(await other.db.query('SELECT text FROM note')).toEqual([]);
  const schema = new URL(one.url).pathname.slice(1);
  await expect(other.db.query(`SELECT text FROM ${schema}.note`)).rejects.toThrow(/denied/);
  await one.drop();
  await other.drop();
});

test('prefixes differ', () => expect(freshPrefix()).not.toBe(freshPrefix()));

test('eventually returns what came in the end, or throws the last complaint', async () => {
  let calls = 0;
  expect(await eventually(() => (++calls < 3 ? undefined : calls), { withinMs: 5000 })).toBe(3);
  await expect(eventually(() => Promise.reject(new Error('not yet')), { withinMs: 50 })).rejects.toThrow('not yet');
});
