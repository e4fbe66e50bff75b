import { decideDebit } from './debit.ts';

const at = new Date('2026-01-02T03:04:05.678Z');
const holding = (balance: number) => ({ balance, version: 7 });

describe('a debit', () => {
  it('takes the amount, down to the last won', () => {
    expect(decideDebit(holding(5_000), { orderId: 'o', amount: 5_000 }, at)).toEqual({
      $type: 'jumun.wallet.v1.WalletDebited',
      balance: 0,
      paidAt: at,
    });
  });

  it('says how much is missing', () => {
    expect(decideDebit(holding(4_999), { orderId: 'o', amount: 5_000 }, at)).toEqual({
      $type: 'jumun.refusals.v1.InsufficientBalance',
      balance: 4_999,
      required: 5_000,
      shortBy: 1,
    });
  });

  it('of nothing is paid by anybody', () => expect(decideDebit(holding(0), { orderId: 'o', amount: 0 }, at)).toMatchObject({ balance: 0 }));

  it('of less than nothing is a bug', () => expect(() => decideDebit(holding(0), { orderId: 'o', amount: -1 }, at)).toThrow('-1 won'));
});
