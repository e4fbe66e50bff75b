/** `npm run samples -w @jumun/protos`: adds the samples that are missing, and keeps those of older forms; `-- --anew` begins again. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Samples, samplesOfToday } from './samples.ts';

const file = new URL('samples.json', import.meta.url);
const kept: Samples = existsSync(file) && !process.argv.includes('--anew') ? (JSON.parse(readFileSync(file, 'utf8')) as Samples) : {};

const today = samplesOfToday();
const names = [...new Set([...Object.keys(kept), ...Object.keys(today)])].toSorted();
const all = Object.fromEntries(names.map((name) => [name, [...new Set([...(kept[name] ?? []), ...(today[name] ?? [])])]]));
writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);

const count = (samples: Samples): number => Object.values(samples).flat().length;
console.log(`${file.pathname}: ${count(all)} samples of ${names.length} messages, ${count(all) - count(kept)} of them new`);
