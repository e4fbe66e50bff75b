import type { OutMessage } from '@jumun/messaging';
import { TransientError } from '@jumun/service-kit';
import { openPost } from './post.ts';

const message: OutMessage = { topic: 'topic', key: 'key', id: 'id', payload: { $type: 'jumun.common.v1.CommandFailed' } };

it('what finds no room while the broker is away is to be tried again, and no reason for a dead letter', async () => {
  const post = openPost({ send: () => new Promise(() => {}) });
  const settled: unknown[] = [];
  // One batch is being sent, two thousand wait, and one is too many.
  void post([message]).catch((error: unknown) => settled.push(error));
  await new Promise(setImmediate);
  for (let waiting = 0; waiting <= 2_000; waiting++) void post([message]).catch((error: unknown) => settled.push(error));
  await new Promise(setImmediate);
  expect(settled).toEqual([expect.any(TransientError)]);
});

it('says what the broker says', async () => {
  const post = openPost({ send: () => Promise.reject(new Error('too large')) });
  await expect(post([message])).rejects.toThrow('too large');
});
