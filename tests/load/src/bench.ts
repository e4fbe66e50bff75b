import { parseArgs } from 'node:util';
import { audit, Failure } from '@jumun/local';
import { benchOrders } from './orders.ts';

const HELP = `npm run bench -- orders [--rate 1000|max] [--seconds 20]

  places orders through REST at the running cluster (npm start -- --detach) and tells what became of them, how long they took and what they cost
  --rate N|max   orders a second, sent at their moment whatever comes back (default 1000); max: as many as go through
  --seconds N    for how long (default 20)
  --no-audit     does not ask the auditor afterwards`;

const numberOf = (text: string, name: string, least: number, most: number): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Failure(`${name} ${text} is no whole number from ${least} to ${most}.`, HELP);
  return value;
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '20' },
      'no-audit': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help || positionals[0] !== 'orders') {
    console.log(HELP);
    return values.help ? 0 : 2;
  }
  const rate = values.rate === 'max' ? 'max' : numberOf(values.rate, '--rate', 1, 10_000);
  const allCompleted = await benchOrders({ rate, seconds: numberOf(values.seconds, '--seconds', 1, 600) });
  const audited = values['no-audit'] ? 0 : await audit([]);
  return allCompleted && audited === 0 ? 0 : 1;
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Failure ? String(error) : error);
  process.exitCode = 1;
}
