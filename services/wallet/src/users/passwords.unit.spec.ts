import { OverloadedError } from '@jumun/service-kit';
import { openPasswords } from './passwords.ts';

const passwords = openPasswords();

it('knows the right password from a wrong one', async () => {
  const hash = await passwords.hash('secret');
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await passwords.verify(hash, 'secret')).toBe(true);
  expect(await passwords.verify(hash, 'Secret')).toBe(false);
});

it('does as much for somebody who does not exist, and says no', async () => {
  const hash = await passwords.hash('secret');
  const timed = async (against: string | undefined): Promise<number> => {
    const from = performance.now();
    for (let i = 0; i < 5; i++) expect(await passwords.verify(against, 'nobody has this password')).toBe(false);
    return performance.now() - from;
  };
  const [somebody, nobody] = [await timed(hash), await timed(undefined)];
  expect(nobody / somebody).toBeGreaterThan(0.4);
});

it('refuses at once when too many wait', async () => {
  const hashes = await Promise.allSettled(Array.from({ length: 150 }, () => passwords.hash('x')));
  const refused = hashes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  expect(refused).toHaveLength(150 - 128 - 2);
  expect(refused[0]?.reason).toBeInstanceOf(OverloadedError);
});
