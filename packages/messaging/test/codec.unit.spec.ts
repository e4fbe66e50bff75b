import { inventory } from '@jumun/protos';
import { decode, encode, VALUE_BYTES_MAX } from '../src/codec.ts';
import { messageOf, rawRowOf } from '../src/outbox-rows.ts';
import { deadLetter } from '../src/dead-letter.ts';
import type { RawRecord } from '../src/message.ts';

const out = {
  topic: 't',
  key: 'order-1',
  id: 'saga/reserve/1',
  payload: inventory.ReserveStock.fromPartial({ orderId: 'order-1', lines: [{ productId: 'p', optionId: 'o', quantity: 2 ** 40 }] }),
  headers: { jumun_undoes: 'saga/x/1' },
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  time: new Date('2026-01-02T03:04:05.678Z'),
};
const raw = (change: Partial<RawRecord> = {}, drop?: string): RawRecord => {
  const { key, value, headers } = encode(out, 'test');
  const all = Object.fromEntries(Object.entries(headers).map(([name, each]) => [name, Buffer.from(each as string)]));
  if (drop !== undefined) delete all[drop];
  return { key: Buffer.from(key as string), value, headers: all, ...change };
};

test('a message comes back as it went', () => {
  expect(decode('t', 1, 7n, raw())).toMatchObject({ ...out, partition: 1, offset: 7n, type: 'jumun.inventory.v1.ReserveStock' });
});

test.each(['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_time'])('without %s it is undecodable', (name) => {
  expect(() => decode('t', 0, 0n, raw({}, name))).toThrow(`no header ${name}`);
});

test('bad bytes, an unknown type, no value, a huge one, and a time that is none are undecodable', () => {
  expect(() => decode('t', 0, 0n, raw({ value: Buffer.from([10, 200, 1]) }))).toThrow('no jumun.inventory.v1.ReserveStock');
  expect(() => decode('t', 0, 0n, raw({ headers: { ...raw().headers, ce_type: 'a.b.C' } }))).toThrow('unknown message type a.b.C');
  expect(() => decode('t', 0, 0n, raw({ headers: { ...raw().headers, ce_time: 'now' } }))).toThrow('no time');
  expect(() => decode('t', 0, 0n, raw({ value: null }))).toThrow('no value');
  expect(() => decode('t', 0, 0n, raw({ value: Buffer.alloc(VALUE_BYTES_MAX + 1) }))).toThrow('bytes');
});

test('a dead letter keeps the record and tells of its origin; one that no broker would take is cut', () => {
  const origin = { topic: 't', partition: 2, offset: 9n, raw: raw() };
  const letter = deadLetter(origin, { group: 'g', attempts: 3, error: new Error('why') });
  expect(letter).toMatchObject({ topic: 't.dlq', key: origin.raw.key, value: origin.raw.value });
  expect(letter.headers).toMatchObject({
    ce_id: Buffer.from('saga/reserve/1'),
    dlq_topic: 't',
    dlq_partition: '2',
    dlq_offset: '9',
    dlq_group: 'g',
    dlq_attempts: '3',
    dlq_error: 'Error: why',
  });
  const huge = deadLetter({ ...origin, raw: raw({ value: Buffer.alloc(1_000_000) }) }, { group: 'g', attempts: 1, error: 'x' });
  expect(huge.value?.length).toBeLessThan(100_000);
  expect(huge.headers).toMatchObject({ dlq_value_bytes: '1000000' });
  expect(huge.headers).not.toHaveProperty('dlq_key_bytes');
});

test('a dead letter keeps headers of any name, as a record in the outbox too', () => {
  const strange = JSON.parse('{ "__proto__": "a", "constructor": "b", "toString": "c" }') as Record<string, string>;
  const letter = deadLetter(
    { topic: 't', partition: 2, offset: 9n, raw: raw({ headers: strange }) },
    { group: 'g', attempts: 1, error: 'x' },
  );
  for (const { headers } of [letter, messageOf(rawRowOf(letter), 's')])
    expect(Object.entries(headers).map(([name, each]) => [name, String(each)])).toEqual(expect.arrayContaining(Object.entries(strange)));
});

test('a dead letter can be made of what kafkajs makes of such a header', () => {
  const headers = Object.setPrototypeOf({ ce_id: Buffer.from('x') }, Buffer.from('a')) as RawRecord['headers'];
  const letter = deadLetter({ topic: 't', partition: 2, offset: 9n, raw: raw({ headers }) }, { group: 'g', attempts: 1, error: 'x' });
  expect(Object.keys(letter.headers).filter((name) => !name.startsWith('dlq_'))).toEqual(['ce_id']);
});

test('a huge key and huge headers are cut from a dead letter too, and it says so', () => {
  const headers = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`h${i}`, Buffer.alloc(60_000)]));
  const huge = raw({ key: Buffer.alloc(950_000, 'k'), headers: { ce_id: 'x', ...headers } });
  const letter = deadLetter({ topic: 't', partition: 2, offset: 9n, raw: huge }, { group: 'g', attempts: 1, error: 'x' });
  expect(letter.headers).toMatchObject({ ce_id: 'x', dlq_key_bytes: '950000', dlq_headers_left_out: '16' });
  expect([letter.key?.length, letter.value]).toEqual([64 * 1024, huge.value]);
  expect(Buffer.concat(Object.values(letter.headers).map((each) => Buffer.from(each as Buffer))).length).toBeLessThan(300_000);
  const row = rawRowOf(letter);
  expect(row.payload.length).toBeLessThan(65_535); // what the column takes
  const restored = messageOf(row, 's');
  expect([String(restored.headers['dlq_key_bytes']), restored.value]).toEqual(['950000', huge.value]);
});

test('headers that are called like those of a dead letter do not make its row too long, and where it came from is kept', () => {
  const headers = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`dlq_${i}`, Buffer.alloc(i === 0 ? 60_000 : 4_000)]));
  const letter = deadLetter(
    { topic: 't', partition: 2, offset: 9n, raw: raw({ headers }) },
    { group: 'g', attempts: 3, error: 'x'.repeat(9_000) },
  );
  const row = rawRowOf(letter);
  expect(row.payload.length).toBeLessThan(65_535);
  const restored = messageOf(row, 's').headers;
  expect([restored['dlq_topic'], restored['dlq_offset'], restored['dlq_attempts']].map(String)).toEqual(['t', '9', '3']);
  expect(String(restored['dlq_error'])).toHaveLength(1_000);
});
