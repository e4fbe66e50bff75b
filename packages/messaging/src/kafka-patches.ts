import { createRequire } from 'node:module';

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

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as { prototype: Queue };
prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;
prototype.scheduleRequestTimeoutCheck = scheduleRequestTimeoutCheck;
