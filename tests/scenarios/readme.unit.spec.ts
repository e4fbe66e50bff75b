import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageTypeRegistry, topics } from '@jumun/protos';

const root = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('the table of topics in README', () => {
  const rows = Array.from(readme.matchAll(/^\| `(jumun\.\w+\.events\.v1)` +\| (.+?) +\| [a-z ]+\| `(.+\.proto)` +\|$/gm));

  it('has every topic of events, and no other', () => {
    const events = topics.map(({ name }) => name).filter((name) => name.endsWith('.events.v1'));
    expect(rows.map(([, topic]) => topic)).toEqual(events);
  });

  it('names messages that are in its file', () => {
    for (const [, , messages = '', file = ''] of rows) {
      const source = readFileSync(join(root, 'protos', 'proto', 'jumun', file), 'utf8');
      const names = Array.from(messages.matchAll(/`(\w+)`/g), ([, name]) => name ?? '');
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) {
        expect(source).toContain(`message ${name} {`);
        expect(messageTypeRegistry.has(`jumun.${file.split('/').slice(0, 2).join('.')}.${name}`)).toBe(true);
      }
    }
  });

  it('says the partitions and the days that the topics have', () => {
    for (const { partitions, retentionMs } of topics.filter(({ name }) => name.endsWith('.events.v1')))
      expect(readme).toContain(`A topic has ${partitions} partitions and keeps a message for ${retentionMs / 86_400_000} days`);
  });
});
