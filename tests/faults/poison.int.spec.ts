/**
 * Shows: what cannot be read, on any topic that is consumed and in each of its partitions, becomes a dead letter that says why and where it
 * lay, and the partition moves on: the orders placed afterwards complete.
 */
import { randomUUID } from 'node:crypto';
import type { Cluster } from '@jumun/local';
import { type Bus, type EncodedMessage, openBus } from '@jumun/messaging';
import { commands, deadLetterTopic, topicNames, topics } from '@jumun/protos';
import { createLogger } from '@jumun/service-kit';
import { eventually } from '@jumun/testkit';
// oxlint-disable-next-line jumun/borders -- dead letters are bare records, which the port does not hand out
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import { violationsAtRest } from '../scenarios/books.ts';
import { type Customer, openShop, type Product, type Shop } from '../scenarios/shop.ts';
import { startedCluster, untilFinal, wealthy } from './setting.ts';

/** Every consumed topic, with the full name of a message that belongs there. */
const consumed: readonly (readonly [topic: string, type: string])[] = [
  [topicNames.inventoryCommands, commands.reserveStock.name],
  [topicNames.walletCommands, commands.debitWallet.name],
  [topicNames.couponCommands, commands.holdCoupon.name],
  [topicNames.orderReplies, commands.debitWallet.replies[0]!.$type],
];
/** A broker takes about a megabyte. */
const HUGE_BYTES = 900_000;

const headersOf = (type: string): Record<string, string> => ({
  ce_specversion: '1.0',
  ce_id: `${randomUUID()}/step/1`,
  ce_type: type,
  ce_source: 'poisoner',
  ce_time: new Date().toISOString(),
});

interface Poison {
  readonly what: string;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly reason: RegExp;
}
const poisons = (type: string): Poison[] => {
  const headers = headersOf(type);
  const { ce_id: _without, ...idless } = headers;
  return [
    { what: 'bad bytes', value: Buffer.from([10, 200, 1]), headers, reason: new RegExp(`no ${type}`) },
    { what: 'an unknown type', value: Buffer.alloc(0), headers: headersOf('jumun.nowhere.v1.Nothing'), reason: /unknown message type/ },
    { what: 'no headers', value: Buffer.alloc(0), headers: {}, reason: /no header ce_/ },
    { what: 'no id', value: Buffer.alloc(0), headers: idless, reason: /no header ce_id/ },
    { what: 'no value', value: null, headers, reason: /no value/ },
    { what: 'a huge value', value: Buffer.alloc(HUGE_BYTES), headers, reason: /value of \d+ bytes/ },
    {
      what: 'a message that nobody asked for',
      value: Buffer.alloc(0),
      headers: headersOf('jumun.orders.v1.OrderCompleted'),
      reason: /no command of ours|no saga has asked for this/,
    },
  ];
};

interface Read {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

describe('poison on every consumed topic', () => {
  let cluster: Cluster;
  let end: () => Promise<void>;
  let shop: Shop;
  let customer: Customer;
  let product: Product;
  let bus: Bus;
  let reader: Consumer;
  /** The bare records of all topics, by key; dead letters are no messages of ours, so the port does not read them. */
  const read = new Map<string, Read[]>();
  beforeAll(async () => {
    ({ cluster, end } = await startedCluster('poison'));
    shop = openShop(cluster);
    [customer, product] = [(await wealthy(shop, 1))[0] as Customer, await shop.product(1_000, 1_000)];
    const brokers = cluster.infra.kafkaBrokers;
    bus = openBus({ brokers, clientId: 'poisoner', logger: createLogger('poisoner', 'silent') });
    reader = new Kafka({ brokers, logLevel: logLevel.NOTHING }).consumer({ groupId: 'poison-reader', maxWaitTimeInMs: 200 });
    await reader.connect();
    await reader.subscribe({ topics: consumed.flatMap(([topic]) => [topic, deadLetterTopic(topic)]), fromBeginning: true });
    await reader.run({
      eachMessage: async ({ topic, partition, message }) => {
        const headers = Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]));
        const key = String(message.key);
        read.set(key, [...(read.get(key) ?? []), { topic, partition, offset: message.offset, key, value: message.value, headers }]);
      },
    });
  }, 240_000);
  afterAll(async () => {
    await reader?.disconnect();
    await bus?.close();
    await end?.();
  });

  const completes = async (couponId?: string): Promise<void> => {
    const [key, wish] = [randomUUID(), { items: [{ optionId: product.optionId, quantity: 1 }], couponId }];
    const { status, body } = await untilFinal(() => shop.order(customer, wish, key));
    expect([status, body.status]).toEqual([201, 'COMPLETED']);
  };

  it.each(consumed)('on %s is put aside with its reason and its place, and the partition moves on', async (topic, type) => {
    const { partitions } = topics.find(({ name }) => name === topic)!;
    const sent = Array.from({ length: partitions }, (_, partition) =>
      poisons(type).map((poison) => ({ ...poison, partition, key: randomUUID() })),
    ).flat();
    await bus.sendEncoded(sent.map(({ key, partition, value, headers }): EncodedMessage => ({ topic, key, partition, value, headers })));
    await eventually(() => sent.every(({ key }) => read.get(key)?.some((record) => record.topic === topic && read.get(key)!.length > 1)), {
      withinMs: 60_000,
    });
    for (const { what, key, partition, value, reason } of sent) {
      const records = read.get(key) ?? [];
      const [origin, ...letters] = [...records.filter((each) => each.topic === topic), ...records.filter((each) => each.topic !== topic)];
      const { headers } = letters[0] as Read;
      expect({ what, letters: letters.map((each) => each.topic) }).toEqual({ what, letters: [deadLetterTopic(topic)] });
      expect({ what, ...headers }).toMatchObject({ dlq_topic: topic, dlq_partition: String(partition), dlq_offset: origin?.offset });
      expect(headers['dlq_error']).toMatch(reason);
      // Whole, or its beginning with the length of the whole.
      const kept = letters[0]?.value?.length ?? 0;
      expect(headers['dlq_value_bytes'] ?? String(kept)).toBe(String(value?.length ?? 0));
      expect(letters[0]?.value?.equals(value?.subarray(0, kept) ?? Buffer.alloc(0)) ?? value === null).toBe(true);
    }
    // Enough orders for every partition to be among theirs.
    await Promise.all(Array.from({ length: 12 }, () => completes()));
    await completes(await shop.coupon(customer, 10));
  });

  it('leaves books that agree', async () => {
    expect(await violationsAtRest(cluster)).toEqual([]);
  });
});
