import type { EncodedMessage } from '../src/message.ts';
import { PORTION_BYTES_MAX, portionsOf } from '../src/portions.ts';
import { writeProduceRequest } from '../src/record-writer.ts';

const BROKER_BYTES_MAX = 1_048_588;
const message = (bytes: number, more: Partial<EncodedMessage> = {}): EncodedMessage => ({
  topic: 't',
  key: 'k',
  value: Buffer.alloc(bytes),
  headers: { ce_id: 'x' },
  ...more,
});
const written = (messages: readonly EncodedMessage[]): number =>
  writeProduceRequest({ acks: -1, timeout: 1, topicData: [{ topic: 't', partitions: [{ partition: 0, messages }] }] }).length;

test('what fits is one portion, the very same list', () => {
  const messages = Array.from({ length: 200 }, () => message(1_000));
  const portions = portionsOf(messages);
  expect(portions).toHaveLength(1);
  expect(portions[0]).toBe(messages);
});

test('what does not fit is cut in order, and no portion is larger than a broker takes', () => {
  const wide = '주'.repeat(20_000);
  const messages = Array.from({ length: 300 }, (_, i) =>
    i % 3 === 0
      ? message(8_400)
      : i % 3 === 1
        ? message(10, { key: wide })
        : message(0, { value: null, key: null, headers: { [wide]: wide } }),
  );
  const portions = portionsOf(messages);
  expect(portions.length).toBeGreaterThan(1);
  expect(portions.flat()).toEqual(messages);
  for (const portion of portions) expect(written(portion)).toBeLessThan(BROKER_BYTES_MAX);
});

test('a message that is too large by itself is alone', () => {
  const [small, large] = [message(10), message(PORTION_BYTES_MAX)];
  expect(portionsOf([large, small, small, large, large])).toEqual([[large], [small, small], [large], [large]]);
});
