import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** The exit code for a mistake in the configuration (EX_CONFIG of sysexits.h): restarting does not help. */
export const EXIT_CONFIG = 78;

/** A mistake in the configuration that only shows when it is used. Its message, which names the variable, is all that the process says before it ends. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** `host:port`. */
export const address = z.string().regex(/^[^\s:,]+:\d{1,5}$/, 'must be host:port');

/** `host:port,host:port` → its parts. */
export const addressList = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(address).min(1));

/** What every process of the system reads from its environment. */
export const commonEnv = z.object({
  KAFKA_BROKERS: addressList,
  REDIS_URL: z.url({ protocol: /^rediss?$/ }),
  INTERNAL_ADDRESS: address,
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  TOPIC_PREFIX: z.string().default(''),
  /** Named here with the rest; `fault-point.ts` reads it itself when it is loaded, for points may be passed before there is a configuration. */
  FAULT_POINTS_DIR: z.string().optional(),
  INSTANCE_ID: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes')
    .default(() => randomBytes(4).toString('hex')),
});

/** What a service with a database, a gRPC server and a consumer group reads besides. */
export const serviceEnv = commonEnv.extend({
  DATABASE_URL: z.url({ protocol: /^(mysql|mariadb)$/ }),
  GRPC_ADDRESS: address,
  /** Whether tools may ask the server for its services. */
  GRPC_REFLECTION: z.enum(['on', 'off']).default('off'),
  /** After so many ms without a sign of life another instance takes over. Heartbeats go on while a batch is worked on, however long that takes. */
  CONSUMER_SESSION_MS: z.coerce.number().int().min(6_000).max(300_000).default(10_000),
  /** How long a caller may repeat a call with its key: the API promises 24, and twice that outlives every retry that began in time. */
  IDEMPOTENCY_HOURS: z.coerce
    .number()
    .int()
    .min(24)
    .max(24 * 30)
    .default(48),
});

/** All mistakes at once, one a line. An empty variable counts as not set. */
export const parseConfig = <T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): { config: T } | { mistakes: string[] } => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return { config: result.data };
  return {
    mistakes: result.error.issues.map(({ path, message }) => {
      const name = String(path[0] ?? 'environment');
      return given[name] === undefined && path.length > 0 ? `${name}: is not set` : `${name}: ${message}`;
    }),
  };
};

/** Reads and checks the environment at boot. With mistakes: prints all of them and exits with 78. Values are not printed, they may be secrets. */
export const loadConfig = <T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv = process.env): T => {
  const result = parseConfig(schema, env);
  if ('config' in result) return result.config;
  process.stderr.write(
    `The configuration is not usable:\n${result.mistakes.map((mistake) => `  ${mistake}\n`).join('')}See .env.example.\n`,
  );
  process.exit(EXIT_CONFIG);
};
