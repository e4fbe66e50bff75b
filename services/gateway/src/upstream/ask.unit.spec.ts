import { grpcError, status, UpstreamUnavailable } from '@jumun/service-kit';
import { openAsk } from './ask.ts';

const noAnswer = (): Error => new UpstreamUnavailable('/jumun.wallet.v1.WalletService/ChargeWallet', status.DEADLINE_EXCEEDED);
const overloaded = (): Error => grpcError(status.RESOURCE_EXHAUSTED, 'OVERLOADED');

/** A call whose tries end like this, one after another, the last of them from then on. */
const callThat = (...ends: (() => Error | string)[]): { call: () => Promise<string>; tries: () => number } => {
  let tries = 0;
  const call = async (): Promise<string> => {
    const end = ends[Math.min(tries++, ends.length - 1)]?.();
    if (typeof end !== 'string') throw end;
    return end;
  };
  return { call, tries: () => tries };
};

it('tells an overload at once, when nothing was asked before it', async () => {
  const { call, tries } = callThat(overloaded);
  await expect(openAsk()(call, { again: true })).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  expect(tries()).toBe(1);
});

it('tells no overload after a try without an answer, which may wait there still: asks again, and at the end it is not known', async () => {
  const { call, tries } = callThat(noAnswer, overloaded);
  await expect(openAsk()(call, { again: true })).rejects.toBeInstanceOf(UpstreamUnavailable);
  expect(tries()).toBeGreaterThan(1);
  const healed = callThat(noAnswer, overloaded, () => 'charged');
  expect(await openAsk()(healed.call, { again: true })).toBe('charged');
}, 30_000);

it('asks nothing twice that may not be repeated', async () => {
  const { call, tries } = callThat(noAnswer, () => 'created twice');
  await expect(openAsk()(call, { again: false })).rejects.toBeInstanceOf(UpstreamUnavailable);
  expect(tries()).toBe(1);
});
