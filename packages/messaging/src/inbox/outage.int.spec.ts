import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '../../testing/fault-points.ts';
import { startInfrastructure } from '../../../../deploy/local/src/infra/start.ts';
import { eventually, openShelfService, reserveCommand } from '../../testing/fixture.ts';

// Servers of its own, because it kills them.
test('broker and database are killed and come back: the same bus sends again, and every command has one effect and an answer', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'jumun-outage-'));
  const infra = await startInfrastructure({ dir });
  try {
    const file = join(dir, 'infra.json');
    writeFileSync(file, JSON.stringify({ mysql: infra.mysql, redisUrl: infra.redisUrl, kafkaBrokers: infra.kafkaBrokers }));
    process.env['JUMUN_TEST_INFRA'] = file;
    const service = await openShelfService();
    await service.fill('a', 1_000);
    const consumer = await service.start();
    let sent = 0;
    const sendSome = async (count: number): Promise<void> => {
      await service.bus.send(Array.from({ length: count }, () => reserveCommand(`o${sent++}`, 'a')));
    };
    const allAnswered = (): Promise<unknown> =>
      eventually(() => new Set(service.replies.map(({ commandId }) => commandId)).size === sent, { withinMs: 40_000 });

    await sendSome(20);
    await allAnswered();
    expect(consumer.healthy()).toBe(true);

    await infra.servers.kafka.kill();
    const whileAway = sendSome(20); // waits for the broker
    await eventually(() => !consumer.healthy(), { withinMs: 15_000 });
    await infra.servers.kafka.start();
    await whileAway;
    await sendSome(20);
    await eventually(() => consumer.healthy(), { withinMs: 30_000 });

    await infra.servers.mysql.kill();
    await sendSome(20);
    await infra.servers.mysql.start();
    await eventually(async () => (await service.available('a')) === 1_000 - sent, { withinMs: 40_000 });
    await allAnswered();
    expect(new Set(service.replies.map(({ type }) => type))).toEqual(new Set(['jumun.inventory.v1.StockReserved']));
    expect(service.letters).toEqual([]);
    await service.stop();
  } finally {
    await infra.stop();
    rmSync(dir, { recursive: true });
  }
}, 240_000);
