import '@jumun/service-kit/node-24';
import { parseArgs } from 'node:util';
import { loadConfig } from '@jumun/service-kit';
import { audit } from './audit.ts';
import { openBooks } from './books.ts';
import { checks } from './checks/index.ts';
import { auditorEnv } from './config.ts';
import { COULD_NOT_LOOK, couldNotLook } from './exit/could-not-look.ts';
import { verdictOf } from './exit/verdict.ts';
import { printCheck } from './print.ts';

const HELP = `Says whether the books of all services agree. Reads with a read-only account, changes nothing.

  --strict   the suite is at rest: whatever is still under way is a violation
  --json     the report as JSON on standard output
  --only X   only the checks whose name begins with X

Where the books are, in the environment: WALLET_DATABASE_URL, CATALOG_DATABASE_URL, COUPON_DATABASE_URL, ORDERS_DATABASE_URL
(mysql://user:password@host:port/schema). See .env.example.

Exit code 0: they agree; 1: they do not; ${COULD_NOT_LOOK}: it could not look, or not at all of them, and what it saw agrees; 78: configuration is missing.`;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: { strict: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string', default: '' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const env = loadConfig(auditorEnv);
  const books = openBooks({
    wallet: env.WALLET_DATABASE_URL,
    catalog: env.CATALOG_DATABASE_URL,
    coupon: env.COUPON_DATABASE_URL,
    orders: env.ORDERS_DATABASE_URL,
  });
  try {
    const chosen = checks.filter(({ name }) => name.startsWith(values.only));
    if (chosen.length === 0) throw new Error(`no check begins with ${values.only}; there are ${checks.map(({ name }) => name).join(', ')}`);
    const report = await audit(books, chosen, {
      strict: values.strict ?? false,
      onCheck: (check) => {
        if (!values.json) console.log(printCheck(check));
      },
    });
    const { code, verdict } = verdictOf(report);
    console.log(values.json ? JSON.stringify(report, null, 2) : verdict);
    return code;
  } finally {
    await books.close();
  }
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(couldNotLook(error));
  process.exitCode = COULD_NOT_LOOK;
}
