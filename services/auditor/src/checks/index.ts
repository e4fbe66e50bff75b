import type { Check } from '../check.ts';
import { couponsCounted } from './coupons.ts';
import { idempotencyPointsToEffect } from './idempotency.ts';
import { couponOneEffect, inboxAnswered, inventoryOneEffect, walletOneEffect } from './inbox.ts';
import { couponUsedOnce, soldAsOrdered } from './orders.ts';
import { outboxSent } from './outbox.ts';
import { debitHeard, paidExactlyOnce } from './payments.ts';
import { eventsSent, historyAllowed, sagasAlive } from './sagas.ts';
import { reservedIsHeld, soldIsMoved, stockAddsUp, stockNeverNegative } from './stock.ts';
import { balanceEqualsLedger, ledgerUnbroken, neverNegative } from './wallet.ts';

/** Every invariant of the platform, in the order of the report. */
export const checks: readonly Check[] = [
  balanceEqualsLedger,
  neverNegative,
  ledgerUnbroken,
  paidExactlyOnce,
  debitHeard,
  stockAddsUp,
  stockNeverNegative,
  reservedIsHeld,
  soldIsMoved,
  soldAsOrdered,
  couponsCounted,
  couponUsedOnce,
  sagasAlive,
  historyAllowed,
  eventsSent,
  walletOneEffect,
  inventoryOneEffect,
  couponOneEffect,
  ...inboxAnswered,
  ...outboxSent,
  ...idempotencyPointsToEffect,
];
