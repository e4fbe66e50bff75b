import { eventually } from '@jumun/testkit';
import type { Logger } from '@jumun/service-kit';
import { type Kafka, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from 'kafkajs';
import { joinGroup } from '../src/group-member.ts';

/** As kafkajs gives up after some tries; its own types leave out what its errors are made of. */
const givenUp = (type: string): Error => {
  const answer = Object.assign(new Error(type), { type, code: 14, retriable: true });
  return new KafkaJSNumberOfRetriesExceeded(new KafkaJSProtocolError(answer as never) as never, { retryCount: 3, retryTime: 1_000 });
};

/** Fails to connect with each of these, and then does not. */
const failing = (errors: Error[]): Kafka =>
  ({
    consumer: () => ({
      events: {},
      on: () => {},
      connect: async () => {
        const error = errors.shift();
        if (error !== undefined) throw error;
      },
      subscribe: async () => {},
      run: async () => {},
      disconnect: async () => {},
    }),
  }) as unknown as Kafka;

test('a coordinator that is still loading is no alarm, as it is at every first start; anything else is', async () => {
  const lines: { level: string; text: string }[] = [];
  const say = (level: string) => (_: unknown, text: string) => void lines.push({ level, text });
  const errors = [givenUp('GROUP_LOAD_IN_PROGRESS'), givenUp('GROUP_AUTHORIZATION_FAILED')];
  const member = await joinGroup({
    kafka: failing(errors),
    groupId: 'g',
    topics: ['t'],
    sessionTimeoutMs: 30_000,
    logger: { info: say('info'), warn: say('warn'), debug: say('debug') } as unknown as Logger,
    onAssigned: () => {},
    onRebalancing: () => {},
    onBatch: async () => true,
  });
  await eventually(() => lines.length === 2);
  await member.leave();
  expect(lines).toEqual([
    { level: 'info', text: "the group's coordinator is still loading; trying again" },
    { level: 'warn', text: 'the consumer broke; making it anew' },
  ]);
});
