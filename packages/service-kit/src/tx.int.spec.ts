import { connect, createServer, type Socket } from 'node:net';
import { startMariadb, type MariadbServer } from '../test/mariadb-server.ts';
import { TransientError } from './errors.ts';
import { isTransient } from './transient.ts';
import { type Database, openDatabase, prismaAdapter } from './tx.ts';

let server: MariadbServer;
let url: string;
let db: Database;

beforeAll(async () => {
  server = await startMariadb();
  url = await server.schema();
  db = openDatabase(url);
  await db.execute('CREATE TABLE account (id INT PRIMARY KEY, balance BIGINT NOT NULL, CHECK (balance >= 0))');
  await db.execute(
    'CREATE TABLE thing (id INT PRIMARY KEY AUTO_INCREMENT, big BIGINT, at DATETIME(3), day DATE, bytes VARBINARY(20), text VARCHAR(50))',
  );
});

beforeEach(async () => {
  await db.execute('DELETE FROM account');
  await db.execute('INSERT INTO account VALUES (1, 100), (2, 100)');
});

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

afterAll(async () => {
  await db.close();
  await server.stop();
});

/** MariaDB took the name that MySQL has given to it only in its version 11. */
const isolationVariable = async (): Promise<string> => {
  const [row] = await db.query<{ version: string }>('SELECT VERSION() AS version');
  return row?.version.includes('MariaDB') ? 'tx_isolation' : 'transaction_isolation';
};

const balances = async (): Promise<number[]> =>
  (await db.query<{ balance: number }>('SELECT balance FROM account ORDER BY id')).map(({ balance }) => balance);

describe('values', () => {
  it('keeps the session in READ COMMITTED and UTC, in and out of transactions', async () => {
    const sql = `SELECT @@${await isolationVariable()} AS isolation, @@time_zone AS zone, @@wait_timeout AS idle, @@innodb_lock_wait_timeout AS lockWait`;
    const expected = [{ isolation: 'READ-COMMITTED', zone: '+00:00', idle: 10, lockWait: 3 }];
    for (let i = 0; i < 2; i++) {
      expect(await db.query(sql)).toMatchObject(expected);
      expect(await db.transaction((tx) => tx.query(sql))).toMatchObject(expected);
    }
  });

  it('writes and reads dates in UTC in any time zone of the process', async () => {
    const zone = process.env['TZ'];
    const at = new Date('2024-03-01T15:04:05.678Z');
    try {
      process.env['TZ'] = 'Asia/Seoul';
      const { insertId } = await db.execute('INSERT INTO thing (at, day) VALUES (?, ?)', [at, new Date('2024-03-01T00:00:00Z')]);
      process.env['TZ'] = 'America/New_York';
      const [row] = await db.query('SELECT at, day, CAST(at AS CHAR) AS written FROM thing WHERE id = ?', [insertId]);
      expect(row).toEqual({ at, day: new Date('2024-03-01T00:00:00Z'), written: '2024-03-01 15:04:05.678' });
      expect(await db.transaction((tx) => tx.query('SELECT at FROM thing WHERE id = ?', [insertId]))).toMatchObject([{ at }]);
    } finally {
      process.env['TZ'] = zone ?? '';
    }
  });

  it('reads BIGINT and SUM as numbers and throws where that would not be exact', async () => {
    const exact = Number.MAX_SAFE_INTEGER;
    const { insertId } = await db.execute('INSERT INTO thing (big) VALUES (?)', [exact]);
    expect(await db.query('SELECT big, SUM(big) AS sum, COUNT(*) AS count FROM thing WHERE id = ?', [insertId])).toMatchObject([
      { big: exact, sum: exact, count: 1 },
    ]);
    const { insertId: beyond } = await db.execute('INSERT INTO thing (big) VALUES (9223372036854775807)');
    await expect(db.query('SELECT big FROM thing WHERE id = ?', [beyond])).rejects.toThrow('9223372036854775807');
    await expect(db.transaction((tx) => tx.query('SELECT big FROM thing WHERE id = ?', [beyond]))).rejects.toThrow('9223372036854775807');
    expect(await balances()).toEqual([100, 100]);
  });

  it('takes bytes of any kind, lists for IN, and quotes text', async () => {
    const bytes = new Uint8Array([0, 1, 39, 92, 255]).subarray(1);
    const text = `O'Hara \\ "x" ${String.fromCodePoint(0x1f600)}`;
    const { insertId } = await db.execute('INSERT INTO thing (bytes, text) VALUES (?, ?)', [bytes, text]);
    const rows = await db.query<{ bytes: Buffer; text: string }>('SELECT bytes, text FROM thing WHERE id IN (?)', [[-1, insertId]]);
    expect(rows.map((row) => [[...row.bytes], row.text])).toEqual([[[1, 39, 92, 255], text]]);
    await expect(db.query('SELECT 1 FROM thing WHERE id IN (?)', [[]])).rejects.toThrow('empty list');
  });

  it('counts matched rows, changed or not', async () => {
    expect(await db.execute('UPDATE account SET balance = 100')).toMatchObject({ affectedRows: 2 });
  });
});

describe('a transaction', () => {
  it('commits what nobody awaited', async () => {
    await db.transaction(async (tx) => {
      void tx.execute('UPDATE account SET balance = balance - 30 WHERE id = 1');
      void tx.execute('UPDATE account SET balance = balance + 30 WHERE id = 2');
    });
    expect(await balances()).toEqual([70, 130]);
  });

  it('rolls all back for one failed statement that nobody awaited', async () => {
    const moved = db.transaction(async (tx) => {
      void tx.execute('UPDATE account SET balance = balance + 300 WHERE id = 2');
      void tx.execute('UPDATE account SET balance = balance - 300 WHERE id = 1');
      void tx.execute('UPDATE account SET balance = balance + 1 WHERE id = 2');
    });
    const { errno } = (await moved.catch((error: unknown) => error)) as { errno?: number };
    expect([4025, 3819]).toContain(errno); // a broken CHECK, for MariaDB and for MySQL
    expect(await balances()).toEqual([100, 100]);
  });

  it('rolls back when the work throws, and says what it threw', async () => {
    const failed = db.transaction(async (tx) => {
      void tx.execute('UPDATE account SET balance = 0');
      throw new RangeError('no');
    });
    await expect(failed).rejects.toThrow(RangeError);
    expect(await balances()).toEqual([100, 100]);
  });

  it('refuses a statement that comes after its end', async () => {
    const ended = await db.transaction((tx) => Promise.resolve(tx));
    await expect(ended.execute('UPDATE account SET balance = 0')).rejects.toThrow('after its transaction had ended');
    expect(await balances()).toEqual([100, 100]);
  });

  it('goes back to a savepoint', async () => {
    await db.transaction(async (tx) => {
      void tx.execute('SAVEPOINT claimed');
      void tx.execute('UPDATE account SET balance = 0 WHERE id = 1');
      void tx.execute('ROLLBACK TO claimed');
      void tx.execute('UPDATE account SET balance = 5 WHERE id = 2');
    });
    expect(await balances()).toEqual([100, 5]);
  });

  it('runs the work again after a deadlock, and statements behind the deadlock in the pipeline leave nothing', async () => {
    let calls = 0;
    let met = 0;
    let open: () => void = () => {};
    const bothHaveOne = new Promise<void>((resolve) => (open = resolve));
    const move = (first: number, second: number): Promise<void> =>
      db.transaction(async (tx) => {
        calls++;
        await tx.execute('UPDATE account SET balance = balance + 1 WHERE id = ?', [first]);
        if (++met === 2) open();
        await bothHaveOne;
        void tx.execute('UPDATE account SET balance = balance + 10 WHERE id = ?', [second]);
        void tx.execute('INSERT INTO account VALUES (?, 0)', [calls * 10 + first]);
      });
    await Promise.all([move(1, 2), move(2, 1)]);
    expect(calls).toBe(3);
    const rows = await balances();
    expect(rows.slice(0, 2)).toEqual([111, 111]);
    expect(rows).toHaveLength(4);
  });

  it('gives a lock-wait time-out up after some tries, as transient', async () => {
    const short = openDatabase(url);
    let calls = 0;
    const [locked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const held = db.transaction(async (tx) => {
      await tx.query('SELECT * FROM account WHERE id = 1 FOR UPDATE');
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    const waited = short.transaction(async (tx) => {
      calls++;
      void tx.execute('SET SESSION innodb_lock_wait_timeout = 0');
      await tx.execute('UPDATE account SET balance = 0 WHERE id = 1');
    });
    await expect(waited).rejects.toThrow(TransientError);
    expect(calls).toBe(5);
    release.resolve();
    await held;
    await short.close();
  });

  it('sends the statements of a transaction without waiting for their answers', async () => {
    const proxy = await openProxy();
    const five = (): Promise<unknown[]> =>
      proxy.db.transaction((tx) =>
        Promise.all([1, 2, 3, 4, 5].map((n) => tx.query(`SELECT balance, ${n} AS n FROM account WHERE id = 1`))),
      );
    await five();
    proxy.holdAnswersUntil('5 AS n'); // what waits for an answer waits for ever
    expect(await five()).toHaveLength(5);
    let ms = Infinity; // of the best one: on a busy machine the mean tells how busy it is
    for (let i = 0; i < 700; i++) {
      const start = performance.now();
      await db.transaction(async (tx) => {
        for (let n = 0; n < 5; n++) void tx.query('SELECT balance FROM account WHERE id = 1');
      });
      ms = Math.min(ms, performance.now() - start);
    }
    console.info(`five pipelined statements and COMMIT: ${ms.toFixed(3)} ms`);
  });
});

/** A way to the database that can be cut at, or made to keep its answers back until, the moment a certain text is sent over it. */
const openProxy = async (): Promise<{ db: Database; cutAfter(text: string): void; holdAnswersUntil(text: string): void }> => {
  let cut: string | undefined;
  let held: string | undefined;
  const links = new Map<Socket, Socket>();
  const proxy = createServer((client: Socket) => {
    const upstream = connect(server.port, '127.0.0.1');
    links.set(upstream, client);
    const end = (): void => void [client.destroy(), upstream.destroy(), links.delete(upstream)];
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    upstream.pipe(client);
    client.on('data', (chunk: Buffer) => {
      if (held !== undefined && chunk.includes(held)) {
        held = undefined;
        for (const [from, to] of links) from.pipe(to);
      }
      if (cut === undefined || !chunk.includes(cut)) return void upstream.write(chunk);
      upstream.unpipe(client).resume();
      upstream.write(chunk, () => upstream.once('data', end));
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const through = openDatabase(url.replace(/:\d+\//, `:${port}/`), { statementTimeoutMs: 3_000 });
  opened.push(through, proxy);
  const holdAnswersUntil = (text: string): void => {
    held = text;
    for (const [from, to] of links) from.unpipe(to);
  };
  return { db: through, cutAfter: (text) => (cut = text), holdAnswersUntil };
};

describe('a lost connection', () => {
  it('during COMMIT surfaces as an unknown outcome, and the pool recovers', async () => {
    const proxy = await openProxy();
    await proxy.db.ping();
    const debit = (): Promise<unknown> => proxy.db.transaction((tx) => tx.execute('UPDATE account SET balance = balance - 1 WHERE id = 1'));
    await debit();
    proxy.cutAfter('COMMIT');
    await expect(debit()).rejects.toMatchObject({ name: 'TransientError', outcomeUnknown: true });
    expect(await balances()).toEqual([98, 100]);
    proxy.cutAfter('balance - 1');
    await expect(debit()).rejects.toMatchObject({ name: 'TransientError', outcomeUnknown: false });
    expect(await balances()).toEqual([98, 100]);
    proxy.cutAfter('nothing');
    await debit();
    expect(await balances()).toEqual([97, 100]);
  });

  it('to a server that is not there is transient and tells the reason to the log', async () => {
    const lines: object[] = [];
    const logger = { warn: (line: object) => lines.push(line) } as never;
    const nowhere = openDatabase('mysql://kit:x@127.0.0.1:1/none', { logger });
    await expect(nowhere.ping()).rejects.toThrow(TransientError);
    await nowhere.close();
    expect(JSON.stringify(lines.map((line) => String((line as { err: unknown }).err)))).toContain('ECONNREFUSED');
    expect(isTransient(Object.assign(new Error(), { errno: 1062 }))).toBe(false);
  });

  it('is what a statement takes that is not answered in time', async () => {
    const impatient = openDatabase(url, { statementTimeoutMs: 3_000 }); // long enough for the last statement on a machine that is busy
    const slow = [impatient.query('SELECT SLEEP(60)'), impatient.transaction((tx) => tx.query('SELECT SLEEP(60)'))];
    for (const each of await Promise.allSettled(slow))
      expect(each).toMatchObject({ status: 'rejected', reason: expect.any(TransientError) });
    expect(await impatient.query('SELECT 1 AS n')).toMatchObject([{ n: 1 }]);
    await impatient.close();
  });

  it('to a server that refuses the password tells so to the log', async () => {
    const lines: object[] = [];
    const logger = { warn: (line: object) => lines.push(line) } as never;
    const refused = openDatabase(url.replace('p%40ss', 'wrong'), { logger });
    await expect(refused.ping()).rejects.toThrow(TransientError);
    await refused.close();
    expect(JSON.stringify(lines.map((line) => String((line as { err: unknown }).err)))).toContain('Access denied');
  });
});

describe('the connections shared with Prisma', () => {
  it('answer through its adapter, BIGINT exact', async () => {
    const adapter = await prismaAdapter(db).connect();
    const result = await adapter.queryRaw({ sql: 'SELECT 9223372036854775807 AS big, 1 AS one', args: [], argTypes: [] });
    expect(JSON.stringify(result.rows, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))).toContain(
      '9223372036854775807',
    );
    await adapter.dispose();
    await db.ping();
  });
});
