import { OverloadedError } from '@jumun/service-kit';
import argon2 from 'argon2';

// OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
const COST = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Hashing takes a core for some 20 ms; more at once would only starve the orders of theirs. */
const AT_ONCE_MAX = 2;
/** Over a second of hashing on two cores: whoever came later would not be answered within the two seconds that callers wait. */
const WAITING_MAX = 128;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long for a login id that does not exist (`hash` undefined) as for a wrong password. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
}

/** Runs a bounded number of tasks at once; a full queue refuses the next one without delay. */
const limited = (): (<T>(task: () => Promise<T>) => Promise<T>) => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= AT_ONCE_MAX) {
      if (waiting.length >= WAITING_MAX) throw new OverloadedError('too many passwords are being checked');
      await new Promise<void>((go) => waiting.push(go)); // inherits the place of the one that ended
    } else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
};

export const openPasswords = (): Passwords => {
  const limit = limited();
  const nobody = limit(() => argon2.hash('nobody has this password', COST));
  return {
    hash: (password) => limit(() => argon2.hash(password, COST)),
    verify: async (hash, password) => {
      const against = hash ?? (await nobody);
      const right = await limit(() => argon2.verify(against, password));
      return right && hash !== undefined;
    },
  };
};
