import type { Redis } from './redis.ts';

export type LeaseState =
  /** This holder has it until `ttlMs` after the call. The token is higher than that of every holder before. */
  | { state: 'held'; token: number }
  /** Somebody else has it: leave the work to them. */
  | { state: 'busy' }
  /** Redis did not answer: do the work. A lease saves double work, it never makes work correct. */
  | { state: 'unknown' };

export interface Lease {
  /** Takes the lease or prolongs it. Never throws. */
  acquire(): Promise<LeaseState>;
  /** Gives it up if it is still ours. Never throws. */
  release(): Promise<void>;
}

export interface LeaseOptions {
  name: string;
  /** Unique to the process; two holders of the same name would share the lease. */
  holder: string;
  ttlMs: number;
}

// A hash of holder and token; the counter of tokens lives on when the lease ends, so that tokens never fall while Redis keeps its data.
const ACQUIRE = `
local held = redis.call('HMGET', KEYS[1], 'holder', 'token')
if held[1] and held[1] ~= ARGV[1] then return 0 end
local token = held[2]
if not token then
  token = redis.call('INCR', KEYS[2])
  redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'token', token)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return tonumber(token)`;

const RELEASE = `if redis.call('HGET', KEYS[1], 'holder') == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** A lease of a name among the instances of a service, for sweeps and schedules. */
export const openLease = (redis: Redis, { name, holder, ttlMs }: LeaseOptions): Lease => {
  const key = `lease:{${name}}`;
  return {
    acquire: async () => {
      try {
        const token = Number(await redis.eval(ACQUIRE, 2, key, `${key}:token`, holder, ttlMs));
        return token === 0 ? { state: 'busy' } : { state: 'held', token };
      } catch {
        return { state: 'unknown' };
      }
    },
    release: async () => {
      try {
        await redis.eval(RELEASE, 1, key, holder);
      } catch {
        // It ends by itself after its time to live.
      }
    },
  };
};
