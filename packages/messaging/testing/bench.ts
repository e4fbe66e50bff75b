// How much a command costs in the participant's process: `JUMUN_TEST_INFRA=… node packages/messaging/testing/bench.ts [messages]`
import { infrastructure, freshDatabase, freshPrefix } from '@jumun/testkit';
import { createLogger, registry } from '@jumun/service-kit';
import { inventory } from '@jumun/protos';
import { runParticipant } from '../src/inbox/run-participant.ts';
import { openBus } from '../src/kafka/bus.ts';
import type { Bus } from '../src/kafka/types.ts';
import { reserve } from './shelves.ts';

const total = Number(process.argv[2] ?? 20_000);
const logger = createLogger('bench', 'warn');
const { kafkaBrokers: brokers } = await infrastructure();
const fresh = await freshDatabase(new URL('migrations', import.meta.url).pathname);
const { db } = fresh;
const config = { brokers, topicPrefix: freshPrefix(), logger };
const bus = openBus({ ...config, clientId: 'bench' });
const topic = (name: string) => ({ name, partitions: 4, retentionMs: 3_600_000, cleanup: 'delete' as const });
await bus.createTopics([topic('c'), topic('r'), topic('c.dlq')], { replicationFactor: 1 });

const timed = async (what: string, count: number, work: () => Promise<void>): Promise<void> => {
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1_000;
  console.log(`${what}: ${Math.round(count / seconds)} messages/s, ${((user + system) / count).toFixed(1)} µs CPU each`);
};

/** Commands that touch nothing but the inbox: what is measured is the runtime, not a domain. */
const noDomain = {
  load: () => Promise.resolve(undefined),
  decide: { 'jumun.inventory.v1.ReserveStock': () => inventory.StockReserved.fromPartial({}) },
  save: () => Promise.resolve(),
};

const produceTo = async (name: string): Promise<void> => {
  for (let at = 0; at < total; at += 200) {
    await bus.send(
      Array.from({ length: 200 }, (_, n) => ({
        topic: name,
        key: `019ad2c1-5a2b-7000-8000-${String(at + n).padStart(12, '0')}`,
        id: `019ad2c1-5a2b-7000-8000-${String(at + n).padStart(12, '0')}/stock/1`,
        payload: reserve(`o${at + n}`, 'a'),
        replyPartition: n % 4,
        time: new Date(),
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      })),
    );
  }
};

const produce = (): Promise<void> => produceTo('c');
const produceAside = (): Promise<void> => produceTo('r');

let answered = 0;
let reached = (): void => undefined;
const counting: Bus = {
  ...bus,
  send: async (messages) => {
    await bus.send(messages);
    answered += messages.length;
    if (answered >= total) reached();
  },
};

const measure = async (what: string, group: string): Promise<void> => {
  answered = 0;
  const all = new Promise<void>((resolve) => (reached = resolve));
  await timed(what, total, async () => {
    await runParticipant({ bus: counting, db, group, topic: 'c', repliesTopic: 'r', logger, participant: noDomain });
    await all;
  });
};

await produce();
await measure('participant, cold code', 'bench-cold');
await measure('participant, all repetitions', 'bench-again');
await db.execute('TRUNCATE inbox');
await measure('participant', 'bench-warm');
await timed('send alone', total, produceAside);
const sizes = (await registry.metrics()).split('\n').filter((line) => /jumun_batch_size_(sum|count)\{group="bench-warm"/.test(line));
console.log(sizes.join('\n'));
await bus.close();
await fresh.drop();
