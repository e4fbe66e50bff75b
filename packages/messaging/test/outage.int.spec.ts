import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inventory } from '@jumun/protos';
import { startInfrastructure } from '@jumun/local/infra';
import { retryWithBackoff } from '@jumun/service-kit';
import { runParticipant, sendCommands } from '../src/index.ts';
import { COMMANDS, eventually, type Fixture, logger, openFixture, REPLIES } from './fixture.ts';
import { stockParticipant } from './stock-participant.ts';

const STOCK = 1_000;

// Servers of its own, because it kills them.
test('broker and database are killed and come back: the same bus sends again, and every command has one effect and an answer', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'jumun-outage-'));
  const infra = await startInfrastructure({ dir });
  let fixture: Fixture | undefined;
  try {
    const file = join(dir, 'infra.json');
    writeFileSync(file, JSON.stringify({ mysql: infra.mysql, redisUrl: infra.redisUrl, kafkaBrokers: infra.kafkaBrokers }));
    process.env['JUMUN_TEST_INFRA'] = file;
    const mine = await openFixture();
    fixture = mine;
    const { bus, db } = mine;
    await db.execute("INSERT INTO stock (option_id, available) VALUES ('hot', ?)", [STOCK]);
    const { messages: replies } = await mine.collect(REPLIES);
    const { messages: letters } = await mine.collect(`${COMMANDS}.dlq`);
    const options = { bus, db, logger, group: 'stock', topic: COMMANDS, repliesTopic: REPLIES, sessionTimeoutMs: 6_000 };
    const consumer = mine.keep(await runParticipant({ ...options, participant: stockParticipant() }));
    let sent = 0;
    // A send gives up after half a minute; whoever has something to say says it again.
    const sendSome = (): Promise<void> => {
      const commands = Array.from({ length: 20 }, () => {
        const orderId = `order-${sent++}`;
        const lines = [{ productId: 'p', optionId: 'hot', quantity: 1 }];
        const payload = inventory.ReserveStock.fromPartial({ orderId, lines });
        return { topic: COMMANDS, key: orderId, id: `${orderId}/reserve/1`, payload, issuedAt: new Date() };
      });
      return retryWithBackoff(() => sendCommands(bus, commands));
    };
    const allAnswered = (): Promise<unknown> =>
      eventually(() => new Set(replies.map(({ headers }) => headers['jumun_command_id'])).size === sent, { withinMs: 60_000 });
    const available = async (): Promise<number> =>
      (await db.query<{ available: number }>("SELECT available FROM stock WHERE option_id = 'hot'"))[0]!.available;

    await sendSome();
    await allAnswered();
    expect(consumer.healthy()).toBe(true);

    await infra.servers.kafka.kill();
    const whileAway = sendSome(); // waits for the broker
    await eventually(() => !consumer.healthy(), { withinMs: 30_000 });
    await infra.servers.kafka.start();
    await whileAway;
    await sendSome();
    await eventually(() => consumer.healthy(), { withinMs: 40_000 });
    await allAnswered();

    await infra.servers.mysql.kill();
    await sendSome();
    await infra.servers.mysql.start();
    await eventually(async () => (await available()) === STOCK - sent, { withinMs: 60_000 });
    await allAnswered();
    expect(new Set(replies.map(({ type }) => type))).toEqual(new Set(['jumun.inventory.v1.StockReserved']));
    expect(letters).toEqual([]);
  } finally {
    await fixture?.close();
    await infra.stop();
    rmSync(dir, { recursive: true });
  }
}, 300_000);
