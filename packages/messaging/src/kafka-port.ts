import './kafka-patches.ts';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Logger } from '@jumun/service-kit';
import { type ISocketFactory, Kafka, type LogEntry, logLevel } from 'kafkajs';

const KEEP_ALIVE_MS = 60_000;

/** As kafkajs's own, and without Nagle's delay: an acknowledged send takes 1.4 ms instead of 2.4. */
const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl === undefined || ssl === null ? connectTcp({ host, port }, onConnect) : connectTls({ host, port, ...ssl }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
};

/** kafkajs calls every retried hiccup an error; what matters comes as a rejection or an event, and is told by our own code. */
const logTo =
  (logger: Logger) =>
  () =>
  ({ namespace, log }: LogEntry): void => {
    const { message, error, groupId, topic } = log as { message: string; error?: string; groupId?: string; topic?: string };
    const line = { component: `kafkajs/${namespace}`, error, groupId, topic };
    logger.debug(line, message);
  };

/** A client of kafkajs. Nothing is connected yet. */
export const connectKafka = (config: { brokers: readonly string[]; clientId: string; logger: Logger }): Kafka =>
  new Kafka({
    brokers: [...config.brokers],
    clientId: config.clientId,
    socketFactory,
    logLevel: logLevel.WARN,
    logCreator: logTo(config.logger),
    connectionTimeout: 3_000,
    requestTimeout: 20_000,
    // Short: our own retries stand around it, and know what is being retried.
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
  });
