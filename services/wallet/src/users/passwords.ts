import { monotonicMs, OverloadedError } from '@jumun/service-kit';
import argon2 from 'argon2';

// OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
const COST = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Hashing takes a core for some 20 ms; more at once would only starve the orders of theirs. */
const AT_ONCE_MAX = 2;

export interface HashingLimits {
  /** Tasks that may wait for their turn. */
  readonly waitingMax: number;
  /** How long a task may have waited, in ms, and still be begun. */
  readonly waitMsMax: number;
}

const LIMITS: HashingLimits = {
  waitingMax: 128, // over a second of hashing on two cores
  // Callers wait two seconds for an answer: hashing for those who have left would only make those behind them leave too.
  waitMsMax: 1_500,
};

export interface Passwords {
  /** Throws `OverloadedError` when too many wait, or have waited for too long. */
  readonly hash: (password: string) => Promise<string>;
  /** Takes as long for a login id that does not exist (`hash` undefined), or has no password, as for a wrong password. Throws like `hash`. */
  readonly verify: (hash: string | undefined, password: string) => Promise<boolean>;
}

const tooMany = (): OverloadedError => new OverloadedError('too many passwords are being checked');

/** Runs a bounded number of tasks at once; a full queue refuses the next one without delay. */
const limited = ({ waitingMax, waitMsMax }: HashingLimits): (<T>(task: () => Promise<T>) => Promise<T>) => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    const since = monotonicMs();
    if (running >= AT_ONCE_MAX) {
      if (waiting.length >= waitingMax) throw tooMany();
      await new Promise<void>((go) => waiting.push(go)); // inherits the place of the one that ended
    } else running += 1;
    try {
      if (monotonicMs() - since > waitMsMax) throw tooMany();
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
};

/** Customers made for benches have something else in its place: nobody can sign in as one of them. */
const isHash = (stored: string): boolean => stored.startsWith('$argon2');

/**
 * Passwords as argon2id hashes (19 MiB, two passes: the least that OWASP recommends), two hashed at a time in this process. A task that finds
 * the queue full is refused at once; one that has waited for too long is refused when its turn comes. Both hear an `OverloadedError`.
 */
export const openPasswords = (limits: HashingLimits = LIMITS): Passwords => {
  const limit = limited(limits);
  const nobody = argon2.hash('nobody has this password', COST);
  return {
    hash: (password) => limit(() => argon2.hash(password, COST)),
    verify: async (hash, password) => {
      const known = hash !== undefined && isHash(hash);
      const against = known ? hash : await nobody;
      const right = await limit(() => argon2.verify(against, password));
      return right && known;
    },
  };
};
