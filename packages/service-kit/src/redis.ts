import { Redis } from 'ioredis';
import type { Logger } from './log.ts';

export type { Redis };

/** Redis only ever saves work, so nobody waits for it. */
const COMMAND_TIMEOUT_MS = 200;

/**
 * A client for request paths: every command fails fast, and none is ever sent twice. (By default ioredis keeps commands without limit
 * while it is offline, and repeats unanswered ones after a reconnect: a script whose answer was lost would run again.)
 * Connects in the background and for ever; its errors go to the log once per outage.
 */
export const openRedis = (url: string, { logger }: { logger?: Logger } = {}): Redis => {
  const redis = new Redis(url, {
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: 1_000,
    retryStrategy: (tries) => Math.min(50 * tries, 1_000),
  });
  let down = false;
  redis.on('error', (err: Error) => {
    if (!down) logger?.warn({ err }, 'redis is not reachable');
    down = true;
  });
  redis.on('ready', () => {
    if (down) logger?.info('redis is back');
    down = false;
  });
  return redis;
};
