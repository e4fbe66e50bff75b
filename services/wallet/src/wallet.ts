import type { refusals } from '@jumun/protos';

/** A wallet as a decision sees it. Balance in won; the version rises by one with each ledger entry. */
export interface Wallet {
  readonly balance: number;
  readonly version: number;
}

export interface ChargeRules {
  readonly unit: number;
  readonly limit: number;
  readonly balanceLimit: number;
}

type Named<M extends { $type: string }> = Omit<M, '$type'>;

/** Null when the wallet can pay, else how much is missing. */
export const shortfall = (wallet: Wallet, required: number): Named<refusals.InsufficientBalance> | null =>
  wallet.balance < required ? { balance: wallet.balance, required, shortBy: required - wallet.balance } : null;

export type ChargeRefusal =
  | { kind: 'invalidChargeUnit'; data: Named<refusals.InvalidChargeUnit> }
  | { kind: 'chargeLimitExceeded'; data: Named<refusals.ChargeLimitExceeded> }
  | { kind: 'balanceLimitExceeded'; data: Named<refusals.BalanceLimitExceeded> };

/** Null when the charge may be made, else the first rule that it breaks. */
export const chargeRefusal = (wallet: Wallet, amount: number, rules: ChargeRules): ChargeRefusal | null => {
  if (amount % rules.unit !== 0) return { kind: 'invalidChargeUnit', data: { unit: rules.unit } };
  if (amount > rules.limit) return { kind: 'chargeLimitExceeded', data: { limit: rules.limit } };
  if (wallet.balance + amount > rules.balanceLimit)
    return { kind: 'balanceLimitExceeded', data: { limit: rules.balanceLimit, balance: wallet.balance } };
  return null;
};
