import { deadLetterTopic, INBOX_RETENTION_MS, topics } from './index.ts';

const spoken = topics.filter(({ name }) => !name.endsWith('.dlq'));

test('a command is gone from its topic before a participant might have forgotten that it carried it out', () => {
  const commands = spoken.filter(({ name }) => name.includes('.commands.'));
  expect(commands).toHaveLength(3);
  // Participants execute nothing older than half of what their inbox remembers; the rest is for their longest pause.
  for (const { retentionMs } of commands) expect(retentionMs).toBeLessThan(INBOX_RETENTION_MS / 2);
});

test('every topic has one for its dead letters, which stay for longer', () => {
  for (const { name, retentionMs } of spoken) {
    const letters = topics.find((topic) => topic.name === deadLetterTopic(name));
    expect(letters?.retentionMs).toBeGreaterThan(retentionMs);
  }
  expect(topics).toHaveLength(2 * spoken.length);
});

test('a message that was acknowledged survives the loss of one of three brokers', () => {
  expect(new Set(topics.map(({ minInSyncReplicas }) => minInSyncReplicas))).toEqual(new Set([2]));
});
