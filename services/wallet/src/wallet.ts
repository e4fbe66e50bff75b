import type { refusals } from '@jumun/protos';

/** A wallet as a decision sees it. Balance in won; the version rises by one with each ledger entry. */
export interface Wallet {
  readonly balance: number;
  readonly version: number;
}

/** A user without a wallet has nothing to pay with. */
export const NO_WALLET: Wallet = { balance: 0, version: 0 };

/** Won, all three. */
export interface ChargeRules {
  /** A charge is a multiple of it. */
  readonly unit: number;
  /** The most in one charge. */
  readonly limit: number;
  /** The most that charging may bring a wallet to; refunds may exceed it. */
  readonly balanceLimit: number;
}

/** Null when the charge may be made, else the first rule that it breaks (api §3). */
export const chargeRefusal = (
  { balance }: Wallet,
  amount: number,
  { unit, limit, balanceLimit }: ChargeRules,
): refusals.Refusal['kind'] | null => {
  if (amount < 1) {
    const error: refusals.FieldError = { $type: 'jumun.refusals.v1.FieldError', path: '/amount', message: 'must be at least 1' };
    return { $case: 'invalidRequest', invalidRequest: { $type: 'jumun.refusals.v1.InvalidRequest', errors: [error] } };
  }
  if (amount % unit !== 0) return { $case: 'invalidChargeUnit', invalidChargeUnit: { $type: 'jumun.refusals.v1.InvalidChargeUnit', unit } };
  if (amount > limit)
    return { $case: 'chargeLimitExceeded', chargeLimitExceeded: { $type: 'jumun.refusals.v1.ChargeLimitExceeded', limit } };
  if (balance + amount > balanceLimit)
    return {
      $case: 'balanceLimitExceeded',
      balanceLimitExceeded: { $type: 'jumun.refusals.v1.BalanceLimitExceeded', limit: balanceLimit, balance },
    };
  return null;
};
