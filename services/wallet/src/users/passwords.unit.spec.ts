import { OverloadedError } from '@jumun/service-kit';
import { type HashingLimits, openPasswords } from './passwords.ts';

const passwords = openPasswords();

it('knows the right password from a wrong one', async () => {
  const hash = await passwords.hash('secret');
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/);
  expect(await passwords.verify(hash, 'secret')).toBe(true);
  expect(await passwords.verify(hash, 'Secret')).toBe(false);
});

it('knows nobody by what is no hash, and says no as for a wrong password', async () => {
  for (const none of ['-', '']) {
    expect(await passwords.verify(none, none)).toBe(false);
    expect(await passwords.verify(none, 'nobody has this password')).toBe(false);
  }
});

it('does as much for somebody who does not exist, and says no', async () => {
  const hash = await passwords.hash('secret');
  let [somebody, nobody] = [Infinity, Infinity]; // the best of each, by turns: what else the machine does counts for neither
  const timed = async (against: string | undefined): Promise<number> => {
    const from = performance.now();
    expect(await passwords.verify(against, 'nobody has this password')).toBe(false);
    return performance.now() - from;
  };
  for (let i = 0; i < 10; i++) {
    somebody = Math.min(somebody, await timed(hash));
    nobody = Math.min(nobody, await timed(i % 2 === 0 ? undefined : '-'));
  }
  expect(nobody / somebody).toBeGreaterThan(0.4);
});

const refusedOf = async (limits: HashingLimits, callers: number): Promise<unknown[]> => {
  const { hash } = openPasswords(limits);
  const outcomes = await Promise.allSettled(Array.from({ length: callers }, () => hash('x')));
  return outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as unknown);
};

it('refuses at once when too many wait', async () => {
  const refused = await refusedOf({ waitingMax: 3, waitMsMax: Infinity }, 8);
  expect(refused).toEqual(Array.from({ length: 8 - 2 - 3 }, () => expect.any(OverloadedError)));
});

it('does not hash for those who have waited for too long', async () => {
  const refused = await refusedOf({ waitingMax: 100, waitMsMax: 1 }, 50);
  expect(refused).toEqual(Array.from({ length: 48 }, () => expect.any(OverloadedError)));
});
