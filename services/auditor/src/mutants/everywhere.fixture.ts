import { id, PAID } from '../books.fixture.ts';
import { type Mutant, on } from './mutant.fixture.ts';

export const EVERYWHERE: readonly Mutant[] = [
  ...(['wallet', 'catalog', 'coupon'] as const).flatMap((schema) => [
    {
      red: `inbox.${schema}.answered`,
      because: 'a claim was committed without its decision',
      tamper: on(schema, `INSERT INTO inbox (id, claim) VALUES ('${id('b8')}/x/1', '${id('f1')}')`),
    },
    {
      red: `inbox.${schema}.answered`,
      because: 'an answer was stored without what it says',
      tamper: on(schema, 'UPDATE inbox SET reply = NULL'),
    },
    {
      red: `outbox.${schema}.sent`,
      because: 'the poller never came by',
      tamper: on(schema, "UPDATE outbox SET sent_at = NULL, created_at = '2026-01-01'"),
    },
  ]),
  ...(['wallet', 'catalog', 'coupon', 'orders'] as const).map((schema) => ({
    red: `idempotency.${schema}.points-to-effect`,
    because: 'a key was kept although its effect was rolled back',
    tamper: on(schema, `UPDATE idempotency SET effect_id = '${id('99')}'`),
  })),
  ...(['wallet', 'coupon', 'orders'] as const).map((schema) => ({
    red: `idempotency.${schema}.points-to-effect`,
    because: "a key leads to what is another user's",
    tamper: on(schema, `UPDATE idempotency SET caller = '${id('a3')}'`),
  })),
  {
    red: 'idempotency.wallet.points-to-effect',
    because: 'a key leads to a payment, which nobody calls for',
    tamper: on('wallet', `UPDATE idempotency SET effect_id = '${id('e2')}'`),
  },
  {
    red: 'idempotency.catalog.points-to-effect',
    because: 'a key leads to a sale, which nobody calls for',
    tamper: on('catalog', `UPDATE idempotency SET effect_id = '${PAID}'`),
  },
];
