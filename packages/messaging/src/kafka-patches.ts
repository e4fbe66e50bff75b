import { createRequire } from 'node:module';
import { readFetchResponse, UnusualResponse } from './record-reader.ts';
import { type TopicData, writeProduceRequest } from './record-writer.ts';

/** The part of kafkajs 2.2.4's request queue that is mended here. */
interface Queue {
  pending: unknown[];
  inflight: Map<number, { sentAt: number; requestTimeout: number; timeoutRequest(): void }>;
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  requestTimeout: number;
  requestTimeoutIntervalId: NodeJS.Timeout;
  enforceRequestTimeout: boolean;
  isConnected(): boolean;
  checkPendingRequests(): void;
  destroy(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

const OVERLOAD_CHECK_MS = 10;
/** Requests time out after tens of seconds; kafkajs looks ten times a second on every connection, idle or not. */
const TIMEOUT_CHECK_MS = 1_000;

/**
 * kafkajs arms a timer after every answer, with a negative time-out when nothing waits, and that timer arms the next one: it spins for
 * ever, and Node 24 complains (kafkajs #1751). A timer is needed only while requests wait.
 */
function scheduleCheckPendingRequests(this: Queue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttledForMs = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledForMs > 0 ? throttledForMs : OVERLOAD_CHECK_MS,
  );
}

function scheduleRequestTimeoutCheck(this: Queue): void {
  if (!this.enforceRequestTimeout) return;
  this.destroy();
  this.requestTimeoutIntervalId = setInterval(
    () => {
      const now = Date.now();
      for (const request of this.inflight.values()) if (now - request.sentAt > request.requestTimeout) request.timeoutRequest();
      if (!this.isConnected()) this.destroy();
    },
    Math.min(this.requestTimeout, TIMEOUT_CHECK_MS),
  );
}

const require = createRequire(import.meta.url);
const { prototype } = require('kafkajs/src/network/requestQueue/index.js') as { prototype: Queue };
prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;
prototype.scheduleRequestTimeoutCheck = scheduleRequestTimeoutCheck;

interface ProduceArguments {
  readonly acks: number;
  readonly timeout: number;
  readonly compression?: number;
  readonly transactionalId?: string | null;
  readonly topicData: readonly TopicData[];
}

interface Exchange {
  readonly request: { encode: () => Promise<unknown> };
  readonly response: { decode: (bytes: Buffer) => Promise<unknown>; parse: unknown };
}

interface Protocol<Arguments> {
  protocol: (api: { version: number }) => (args: Arguments) => Exchange;
}

const { requests } = require('kafkajs/src/protocol/requests/index.js') as {
  requests: { Produce: Protocol<ProduceArguments>; Fetch: Protocol<unknown> };
};

/** Version 3 brought the record format that we write; kafkajs speaks up to 7. */
const PRODUCE_VERSION_MIN = 3;
/** What kafkajs speaks with every broker since 2.3. */
const FETCH_VERSION = 11;

const { protocol: produce } = requests.Produce;
requests.Produce.protocol = ({ version }) => {
  const original = produce({ version });
  if (version < PRODUCE_VERSION_MIN) return original;
  return (args) => {
    const exchange = original(args);
    if (args.compression || args.transactionalId) return exchange;
    // kafkajs appends what it gets to the request's header; these are the parts of its encoder that it then uses.
    const encode = async (): Promise<unknown> => {
      const buffer = writeProduceRequest(args);
      return { buf: buffer, buffer, size: () => buffer.length };
    };
    return { ...exchange, request: { ...exchange.request, encode } };
  };
};

const { protocol: fetch } = requests.Fetch;
requests.Fetch.protocol = ({ version }) => {
  const original = fetch({ version });
  if (version !== FETCH_VERSION) return original;
  return (args) => {
    const exchange = original(args);
    const decode = async (bytes: Buffer): Promise<unknown> => {
      try {
        return readFetchResponse(bytes);
      } catch (error) {
        if (error instanceof UnusualResponse) return exchange.response.decode(bytes);
        throw error;
      }
    };
    return { ...exchange, response: { ...exchange.response, decode } };
  };
};
