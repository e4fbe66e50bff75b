import { readFileSync } from 'node:fs';
import { messageTypeRegistry } from '@jumun/protos';
import { type Samples, samplesOfToday } from './samples.ts';

const samples = JSON.parse(readFileSync(new URL('samples.json', import.meta.url), 'utf8')) as Samples;
const REMEDY = 'run `npm run samples -w @jumun/protos`, and look at what it changes';

const registered = [...messageTypeRegistry.keys()].filter((name) => name.startsWith('jumun.'));

test('every message that has a codec has a sample of what it is today', () => {
  const today = samplesOfToday();
  const missing = registered.filter((name) => !(today[name] ?? []).every((sample) => samples[name]?.includes(sample)));
  const mistakes = missing.map((name) => `${name} has no sample${samples[name] === undefined ? '' : ' of its new form'}: ${REMEDY}`);
  expect(mistakes).toEqual([]);
  expect(Object.keys(today)).toEqual(registered.toSorted());
});

test('no message is gone whose samples may still lie in a topic or an inbox', () => {
  expect(Object.keys(samples).filter((name) => !messageTypeRegistry.has(name))).toEqual([]);
});

test.each(Object.entries(samples))('%s is read in every form that it ever had, and written the same again', (name, encoded) => {
  const type = messageTypeRegistry.get(name);
  expect(encoded.length).toBeGreaterThan(0);
  const again = encoded.map((sample) => type && Buffer.from(type.encode(type.decode(Buffer.from(sample, 'base64'))).finish()));
  expect(again.map((bytes) => bytes?.toString('base64'))).toEqual(encoded);
});

test.each(Object.entries(samples))('%s says the same as JSON, which is how answers are kept with their keys', (name, encoded) => {
  const type = messageTypeRegistry.get(name);
  for (const sample of encoded) {
    const message = type?.decode(Buffer.from(sample, 'base64'));
    expect(message && type?.fromJSON(JSON.parse(JSON.stringify(type.toJSON(message))))).toEqual(message);
  }
});
