import { createRequire } from 'node:module';
import { Partitioners } from 'kafkajs';
import { murmur2 } from '../src/partitioner.ts';
import { readFetchResponse, UnusualResponse } from '../src/record-reader.ts';
import { writeProduceRequest } from '../src/record-writer.ts';

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (decoder: object) => Promise<{ records: object[] }>;
const kafkajsRequest = require('kafkajs/src/protocol/requests/produce/v3/request') as (args: object) => {
  encode(): Promise<{ buffer: Buffer }>;
};

const messages = [
  { key: 'order-1', value: Buffer.from([1, 2, 3]), headers: { ce_id: 'a', 'x-long': 'x'.repeat(64), bytes: Buffer.from([0, 255]) } },
  { key: null, value: null, headers: {} },
  { key: Buffer.from('주문'), value: Buffer.alloc(100_000, 7), headers: { many: ['one', Buffer.from('two')], text: '주문' } },
  { key: '', value: Buffer.alloc(0) },
  ...Array.from({ length: 300 }, (_, i) => ({ key: `k${i}`, value: Buffer.from(String(i)), headers: { n: String(i) } })),
];

const topicData = [{ topic: 't', partitions: [{ partition: 3, messages }] }];
const HEADER_BYTES = 2 + 2 + 4 + 4 + 2 + 1 + 4 + 4 + 4;

test('what is written is what kafkajs reads', async () => {
  const bytes = writeProduceRequest({ acks: -1, timeout: 1_000, topicData });
  const { records } = await decodeBatch(new Decoder(bytes.subarray(HEADER_BYTES)));
  const text = (value: unknown): unknown => (typeof value === 'string' ? Buffer.from(value) : value);
  expect(records).toMatchObject(
    messages.map(({ key, value, headers = {} }, offset) => ({
      offset: String(offset),
      key: text(key),
      value,
      headers: Object.fromEntries(Object.entries(headers).map(([name, each]) => [name, Array.isArray(each) ? each.map(text) : text(each)])),
    })),
  );
});

test('a request has the bytes of kafkajs, but for the time and the producer that it does not have', async () => {
  const ours = writeProduceRequest({ acks: -1, timeout: 1_000, topicData });
  const theirs = (await kafkajsRequest({ acks: -1, timeout: 1_000, topicData }).encode()).buffer;
  expect(ours.length).toBe(theirs.length);
  const records = HEADER_BYTES + 61;
  expect(ours.subarray(0, HEADER_BYTES)).toEqual(theirs.subarray(0, HEADER_BYTES));
  expect(ours.subarray(records)).toEqual(theirs.subarray(records));
});

/** A fetch response around record batches, as a broker of version 11 answers. */
const response = (recordSet: Buffer): Buffer => {
  const head = Buffer.alloc(14 + 3 + 4 + 4 + 2 + 24 + 4 + 4 + 4);
  let at = head.writeInt32BE(1, 10);
  at = head.writeInt16BE(1, at);
  at += head.write('t', at);
  at = head.writeInt32BE(1, at);
  at = head.writeInt32BE(3, at);
  at = head.writeInt16BE(0, at);
  at = head.writeBigInt64BE(9_000_000_000n, at);
  at = head.writeBigInt64BE(9_000_000_000n, at);
  at = head.writeBigInt64BE(0n, at);
  at = head.writeInt32BE(-1, at);
  at = head.writeInt32BE(-1, at);
  head.writeInt32BE(recordSet.length, at);
  return Buffer.concat([head, recordSet]);
};
const recordSet = (): Buffer => writeProduceRequest({ acks: -1, timeout: 1_000, topicData }).subarray(HEADER_BYTES);

test('what kafkajs reads is what we read', async () => {
  const { decode } = require('kafkajs/src/protocol/requests/fetch/v11/response') as {
    decode: (bytes: Buffer) => Promise<object>;
  };
  const bytes = response(recordSet());
  const plain = (value: object): unknown =>
    JSON.parse(JSON.stringify(value, (name, each: unknown) => (name === 'batchContext' ? undefined : each)));
  expect(plain(readFetchResponse(bytes))).toEqual(plain(await decode(bytes)));
});

test('headers may have the names of what every object has', () => {
  const headers = JSON.parse('{ "__proto__": "a", "constructor": ["b", "c"], "x": "d" }') as Record<string, string>;
  const data = [{ topic: 't', partitions: [{ partition: 3, messages: [{ value: null, headers }] }] }];
  const bytes = writeProduceRequest({ acks: -1, timeout: 1_000, topicData: data }).subarray(HEADER_BYTES);
  const read = readFetchResponse(response(bytes)).responses[0]!.partitions[0]!.messages[0]!.headers;
  expect(Object.entries(read).map(([name, value]) => [name, String(value)])).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b,c'],
    ['x', 'd'],
  ]);
});

test('a batch that is cut off is left for the next fetch', () => {
  const whole = recordSet();
  const [one] = readFetchResponse(response(Buffer.concat([whole, whole.subarray(0, whole.length - 1)]))).responses;
  expect(one?.partitions[0]?.messages).toHaveLength(messages.length);
});

test('compressed batches are left to kafkajs', () => {
  const compressed = Buffer.from(recordSet());
  compressed.writeInt16BE(1, 21);
  expect(() => readFetchResponse(response(compressed))).toThrow(UnusualResponse);
});

test('a key has the partition that Java and kafkajs give it', () => {
  const partitionMetadata = Array.from({ length: 7 }, (_, partitionId) => ({ partitionId })) as never;
  const theirs = Partitioners.DefaultPartitioner();
  for (let i = 0; i < 1_000; i++) {
    const key = 'x'.repeat(i % 9) + (i * 7_919).toString(36);
    expect((murmur2(Buffer.from(key)) & 0x7fffffff) % 7).toBe(theirs({ topic: 't', partitionMetadata, message: { key, value: null } }));
  }
});
