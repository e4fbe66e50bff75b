import { parseArgs } from 'node:util';
import { audit, Failure } from '@jumun/local';
import { benchFloor } from './floor/bench-floor.ts';
import { benchIdle } from './idle.ts';
import { benchOrders } from './orders.ts';
import { benchSingle } from './single.ts';

const HELP = `npm run bench -- orders [--rate 1000|max] [--seconds 20] [--in-flight 256]

  places orders through REST at the running cluster (npm start -- --detach) and tells what became of them, how long they took and what they cost
  --rate N|max   orders a second, sent at their moment whatever comes back (default 1000); max: as many as go through
  --seconds N    for how long (default 20)
  --in-flight N  with --rate max: orders that are under way at once (default 256)
  --no-audit     does not ask the auditor afterwards

npm run bench -- single [--orders 100]

  places orders one after another, with a pause between them, and tells how long a single one takes

npm run bench -- idle [--seconds 30]

  watches the running cluster without wanting anything of it: percent of one core and memory, process by process

npm run bench -- floor [--rate 1000|max] [--seconds 20] [--in-flight 256]

  the same orders at the least program that takes them along the same path, without refusals, undo or recovery, on servers of its own: what this
  machine gives to that, to hold the figures of "orders" against. Stop the cluster first (npm stop)

All write their figures as JSON to .local/bench/.`;

const KINDS = ['orders', 'single', 'idle', 'floor'];

const numberOf = (text: string, name: string, least: number, most: number): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Failure(`${name} ${text} is no whole number from ${least} to ${most}.`, `For example: ${name} ${least}`);
  return value;
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string' },
      orders: { type: 'string', default: '100' },
      'in-flight': { type: 'string', default: '256' },
      'no-audit': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [kind, ...more] = positionals;
  if (values.help || kind === undefined) {
    console.log(HELP);
    return values.help ? 0 : 2;
  }
  if (!KINDS.includes(kind) || more.length > 0)
    throw new Failure(`There is no bench "${positionals.join(' ')}".`, `One of: ${KINDS.join(', ')}`);
  const seconds = (byDefault: string): number => numberOf(values.seconds ?? byDefault, '--seconds', 1, 600);
  if (kind === 'idle') {
    await benchIdle(seconds('30'));
    return 0;
  }
  const rate = values.rate === 'max' ? 'max' : numberOf(values.rate, '--rate', 1, 10_000);
  const load = { rate, seconds: seconds('20'), inFlight: numberOf(values['in-flight'], '--in-flight', 1, 4_000) } as const;
  if (kind === 'floor') return (await benchFloor(load)) ? 0 : 1;
  const allCompleted = await (kind === 'single' ? benchSingle(numberOf(values.orders, '--orders', 1, 10_000)) : benchOrders(load));
  const audited = values['no-audit'] ? 0 : await audit([]);
  return allCompleted && audited === 0 ? 0 : 1;
};

try {
  process.exitCode = await main();
} catch (error) {
  const isMisspelt = error instanceof TypeError && String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
  const told = isMisspelt ? new Failure(error.message.split('. ')[0] ?? '', 'What there is: npm run bench -- --help') : error;
  console.error(told instanceof Failure ? String(told) : told);
  process.exit(1); // orders may be under way still
}
