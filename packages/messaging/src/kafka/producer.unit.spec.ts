import { isTransient } from '@jumun/service-kit';
import { bisect } from './bisect.ts';
import { checkAcks, inRequests } from './producer.ts';

test('a partition that acknowledged nothing fails the send, beside good ones too', () => {
  const sent = [
    {
      topic: 't',
      messages: [
        { value: null, chosen: 0 },
        { value: null, chosen: 9 },
      ],
    },
  ];
  const acks = [{ topicName: 't', partition: 0, errorCode: 0 }];
  let thrown: unknown;
  try {
    checkAcks(sent, acks);
  } catch (error) {
    thrown = error;
  }
  expect(isTransient(thrown)).toBe(true);
  expect(() => checkAcks(sent, [])).toThrow('acknowledged nothing');
  expect(() => checkAcks(sent, [...acks, { topicName: 't', partition: 9, errorCode: 7 }])).toThrow('acknowledged nothing');
  expect(() => checkAcks(sent, [...acks, { topicName: 't', partition: 9, errorCode: 0 }])).not.toThrow();
});

test('a large send is divided, in order, into requests that a broker takes', () => {
  const records = Array.from({ length: 10 }, (_, n) => ({
    topic: 't',
    record: { key: String(n), value: Buffer.alloc(250_000), headers: {} },
  }));
  const parts = inRequests(records);
  expect(parts.map((part) => part.length)).toEqual([3, 3, 3, 1]);
  expect(parts.flat()).toEqual(records);
});

test('halving finds the items at fault, keeps the order of the others, and lets transient errors through', async () => {
  const done: number[] = [];
  const alone: number[] = [];
  const run = (items: readonly number[]): Promise<void> => {
    if (items.includes(3) || items.includes(6)) return Promise.reject(new Error('at fault'));
    done.push(...items);
    return Promise.resolve();
  };
  const items = [0, 1, 2, 3, 4, 5, 6, 7];
  await bisect(
    items,
    run,
    (item) => Promise.resolve(void alone.push(item)),
    () => true,
  );
  expect(done).toEqual([0, 1, 2, 4, 5, 7]);
  expect(alone).toEqual([3, 6]);
  await expect(
    bisect(
      items,
      run,
      () => Promise.resolve(),
      () => false,
    ),
  ).rejects.toThrow('at fault');
});
