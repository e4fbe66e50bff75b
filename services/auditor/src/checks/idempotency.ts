import { type Check, only, sqlCheck } from '../check.ts';

const CLAIM = "Every idempotency key points to an effect that exists, of a kind that is called for, and its caller's own.";

/** `effects` are the places of the schema in which an effect's id may be found: a condition that its id ends. */
const pointsTo = (schema: 'wallet' | 'catalog' | 'coupon' | 'orders', effects: readonly string[]): Check =>
  sqlCheck(`idempotency.${schema}.points-to-effect`, CLAIM, schema, ({ ids }) => {
    const some = only('k.effect_id', ids);
    return {
      violations: `
        SELECT k.effect_id AS id, CONCAT(k.route, ' with key ', k.idempotency_key, ', of ', k.caller, ', points to nothing that is its own') AS message
          FROM idempotency k
         WHERE ${effects.map((effect) => `NOT EXISTS (SELECT 1 FROM ${effect} = k.effect_id)`).join(' AND ')}${some.sql}`,
      params: some.params,
      counted: 'idempotency',
    };
  });

export const idempotencyPointsToEffect: readonly Check[] = [
  pointsTo('wallet', ["ledger e WHERE e.type = 'CHARGE' AND e.user_id = k.caller AND e.id"]),
  // What an administrator makes is nobody's own.
  pointsTo('catalog', ['products e WHERE e.id', "stock_movements e WHERE e.type = 'ADJUSTMENT' AND e.cause_id"]),
  pointsTo('coupon', ['coupons e WHERE e.user_id = k.caller AND e.id', 'coupon_events e WHERE e.id']),
  pointsTo('orders', ['orders e WHERE e.user_id = k.caller AND e.id']),
];
