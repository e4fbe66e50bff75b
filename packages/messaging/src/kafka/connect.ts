import { connect } from 'node:net';
import type { Logger } from '@jumun/service-kit';
import kafkajs, { type ISocketFactory, type Kafka, type logCreator, type RetryOptions } from 'kafkajs';
import { patchKafkajs } from './patches.ts';

const KEEP_ALIVE_MS = 60_000;
const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000; // a stopped broker answers nothing at all; none that lives takes this long

/** All of them named, because kafkajs takes other defaults when NODE_ENV is `test`. Above this, we retry ourselves. */
export const kafkaRetry: RetryOptions = { initialRetryTime: 50, maxRetryTime: 500, factor: 0.2, multiplier: 2, retries: 3 };

/** Requests are small and answers are waited for: with Nagle's algorithm a send takes a millisecond longer. */
const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
  const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, onConnect);
  return socket;
};

/** kafkajs calls everything an error that it then retries; what matters to us comes as a rejection or as an event. */
const logTo =
  (logger: Logger): logCreator =>
  () =>
  ({ namespace, log: { message, error, groupId, broker } }) =>
    logger.debug({ kafkajs: namespace, reason: error as unknown, group: groupId as unknown, broker: broker as unknown }, message);

export const openKafka = ({ brokers, clientId, logger }: { brokers: readonly string[]; clientId: string; logger: Logger }): Kafka => {
  patchKafkajs();
  return new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: kafkaRetry,
    socketFactory,
    logCreator: logTo(logger),
    logLevel: kafkajs.logLevel.WARN,
  });
};
