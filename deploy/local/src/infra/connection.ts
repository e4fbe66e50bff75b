import type { Handle } from '../managed-process.ts';

/** Where the three servers answer. */
export interface InfraConnection {
  mysql: { host: string; port: number; rootUser: string; rootPassword: string };
  redisUrl: string;
  kafkaBrokers: string[];
}

/** MySQL, Redis and Kafka for one cluster or one test run, as child processes or as containers. */
export interface Infrastructure extends InfraConnection {
  readonly kind: 'native' | 'docker';
  readonly servers: { readonly mysql: Handle; readonly redis: Handle; readonly kafka: Handle };
  stop(): Promise<void>;
}

export interface InfraPorts {
  mysql: number;
  redis: number;
  kafka: number;
  kafkaController: number;
}

export const host = '127.0.0.1';

/** The driver's own second is less than a machine takes at times that starts everything at once. */
export const CONNECT_WITHIN_MS = 15_000;
