import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInfrastructure } from '@jumun/local/infra';
import { inventory } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { sendCommands } from '../src/index.ts';
import { COMMANDS, eventually, type Fixture, openFixture } from './fixture.ts';
import { endAll, startStock } from './start-stock.ts';

/** All that a process has for its stop, open calls included. */
const STOP_MS = 10_000;

// Servers of its own, because it stops and kills the broker.
let infra: Awaited<ReturnType<typeof startInfrastructure>>;
let fixture: Fixture;
const dir = mkdtempSync(join(tmpdir(), 'jumun-stop-'));
beforeAll(async () => {
  infra = await startInfrastructure({ dir });
  const file = join(dir, 'infra.json');
  writeFileSync(file, JSON.stringify({ mysql: infra.mysql, redisUrl: infra.redisUrl, kafkaBrokers: infra.kafkaBrokers }));
  process.env['JUMUN_TEST_INFRA'] = file;
  fixture = await openFixture();
}, 240_000);
afterAll(async () => {
  await endAll();
  await infra?.servers.kafka.kill('SIGCONT');
  await fixture?.close();
  await infra?.stop();
  rmSync(dir, { recursive: true });
});

it.each([
  ['hangs', 'SIGSTOP'],
  ['is gone', 'SIGKILL'],
] as const)(
  'a process stops in time and in order while its broker %s, with an answer and an event to be sent',
  async (_, signal) => {
    const orderId = newId();
    const stock = await startStock(fixture, { point: 'inbox:committed-not-answered', act: 'stall 2000' });
    const payload = inventory.ReserveStock.fromPartial({ orderId, lines: [{ productId: 'p', optionId: 'none', quantity: 1 }] });
    await sendCommands(fixture.bus, [{ topic: COMMANDS, key: orderId, id: `${orderId}/reserve/1`, payload, issuedAt: new Date() }]);
    await eventually(() => stock.wasHit());
    await infra.servers.kafka.kill(signal);
    const event = newId();
    stock.tell(event);
    // The event is committed and on its way, the answer too, when the process is told to stop.
    await eventually(async () => (await fixture.db.query('SELECT id FROM outbox WHERE id = ?', [event])).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 3_000));

    const before = performance.now();
    stock.signal('SIGTERM');
    expect(await stock.ended).toBe(0); // after the last of its hooks
    expect(performance.now() - before).toBeLessThan(STOP_MS);
    expect(await fixture.db.query('SELECT id FROM outbox WHERE id = ? AND sent_at IS NULL', [event])).toHaveLength(1);

    if (signal === 'SIGSTOP') await infra.servers.kafka.kill('SIGCONT');
    else await infra.servers.kafka.start();
  },
  240_000,
);
