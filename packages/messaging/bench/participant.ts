/**
 * How much a command costs in the participant runtime:
 * `JUMUN_TEST_INFRA=.local/test/infra.json node_modules/.bin/node packages/messaging/bench/participant.ts`.
 * Prints commands/s and this process's CPU per command, replies and their consumer included.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INBOX_DDL, openBus, OUTBOX_DDL, participant, runParticipant, sendCommands } from '@jumun/messaging';
import { inventory } from '@jumun/protos';
import { createLogger } from '@jumun/service-kit';
import { freshDatabase, freshPrefix, infrastructure } from '@jumun/testkit';

const COUNT = Number(process.argv[2] ?? 20_000);
const BATCH = 200;
const logger = createLogger('bench', 'warn');
const { kafkaBrokers } = await infrastructure();
const folder = mkdtempSync(join(tmpdir(), 'jumun-bench-'));
mkdirSync(join(folder, '1_init'));
writeFileSync(join(folder, '1_init', 'migration.sql'), `${INBOX_DDL};\n${OUTBOX_DDL};\n`);
const database = await freshDatabase(folder);
const { db } = database;
const bus = openBus({ brokers: kafkaBrokers, clientId: 'bench', topicPrefix: freshPrefix(), logger });
const spec = (name: string) => ({ name, partitions: 4, retentionMs: 3_600_000, cleanup: 'delete' as const });
await bus.createTopics(['c', 'r', 'c.dlq', 'r.dlq'].map(spec));

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
const report = (what: string, count: number, ms: number, cpu: number): void =>
  console.log(`${what}: ${Math.round((count / ms) * 1_000)}/s, ${((cpu / count) * 1_000).toFixed(1)} µs CPU each`);

const send = async (from: number): Promise<void> => {
  for (let i = from; i < from + COUNT; i += BATCH)
    await sendCommands(
      bus,
      Array.from({ length: Math.min(BATCH, from + COUNT - i) }, (_, j) => ({
        topic: 'c',
        key: `order-${i + j}`,
        id: `0197c1f4-8f5e-7000-8000-${String(i + j).padStart(12, '0')}/reserve/1`,
        payload: inventory.ReserveStock.fromPartial({ orderId: `order-${i + j}`, lines: [{ productId: 'p', optionId: 'o', quantity: 1 }] }),
        issuedAt: new Date(),
        replyPartition: 1,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      })),
    );
};

const measured = async (what: string, count: number, work: () => Promise<void>): Promise<void> => {
  const [start, cpu] = [performance.now(), cpuMs()];
  await work();
  report(what, count, performance.now() - start, cpuMs() - cpu);
};

const until = (check: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!check()) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });

await send(1_000_000_000);
await measured('send', COUNT, () => send(0));
await measured('receive', 2 * COUNT, async () => {
  let seen = 0;
  const consumer = await bus.consume({ group: 'count', topics: ['c'], handle: async (batch) => void (seen += batch.length) });
  await until(() => seen >= 2 * COUNT);
  await consumer.stop();
});
await measured('participant', 2 * COUNT, async () => {
  const replies = new Set<string>();
  const consumer = await runParticipant({
    bus,
    db,
    logger,
    group: 'bench',
    topic: 'c',
    repliesTopic: 'r',
    participant: participant<null, inventory.ReserveStock, inventory.StockReserved>({
      load: async () => null,
      decide: { 'jumun.inventory.v1.ReserveStock': () => inventory.StockReserved.fromPartial({}) },
      save: async () => {},
    }),
  });
  const counter = await bus.consume({
    group: 'replies',
    topics: ['r'],
    handle: async (batch) => {
      for (const { id } of batch) replies.add(id);
    },
  });
  await until(() => replies.size >= 2 * COUNT);
  await consumer.stop();
  await counter.stop();
});

const latencies: number[] = [];
let arrived: () => void = () => {};
const lone = await bus.consume({ group: 'lone', topics: ['r.dlq'], handle: async () => arrived() });
await until(() => lone.healthy());
for (let i = 0; i < 50; i++) {
  const start = performance.now();
  const there = new Promise<void>((resolve) => (arrived = resolve));
  await bus.send([{ topic: 'r.dlq', key: 'k', id: String(i), payload: inventory.StockReserved.fromPartial({}) }]);
  await there;
  if (i >= 5) latencies.push(performance.now() - start);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
latencies.sort((a, b) => a - b);
console.log(`lone message, send to handle: median ${latencies[22]?.toFixed(1)} ms, worst ${latencies.at(-1)?.toFixed(1)} ms`);
const idle = cpuMs();
await new Promise((resolve) => setTimeout(resolve, 5_000));
console.log(`idle: ${((cpuMs() - idle) / 50).toFixed(2)} % of a core`);
await lone.stop();
await bus.close();
await database.drop();
