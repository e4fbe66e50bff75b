import { AsyncLocalStorage } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';

/** What follows a piece of work over every hop: W3C trace context, and the id under which the client may ask for it. */
export interface TraceContext {
  /** `00-<trace id>-<span id>-<flags>`, see https://www.w3.org/TR/trace-context/. */
  traceparent?: string;
  requestId?: string;
}

const storage = new AsyncLocalStorage<TraceContext>();
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export const isTraceparent = (text: unknown): text is string => typeof text === 'string' && TRACEPARENT.test(text);

/** Runs `work` with the context; everything it calls or awaits sees it. */
export const withTrace = <T>(context: TraceContext, work: () => T): T => storage.run(context, work);

/** The context of the work at hand, empty outside of any. */
export const currentTrace = (): TraceContext => storage.getStore() ?? {};

/** The trace id (32 hex digits) of a traceparent; undefined when it is none. */
export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  isTraceparent(traceparent) ? traceparent.slice(3, 35) : undefined;

// Random bytes are drawn in blocks: one call of the generator per some hundred spans instead of one or two per hop.
const block = Buffer.allocUnsafe(4096);
let used = block.length;

const randomHex = (bytes: number): string => {
  if (used + bytes > block.length) {
    randomFillSync(block);
    used = 0;
  }
  used += bytes;
  return block.toString('hex', used - bytes, used);
};

/** A traceparent for the next hop: same trace and flags, a span id of its own; starts a trace when there is none (or a broken one). */
export const childTraceparent = (parent: string | undefined = currentTrace().traceparent): string => {
  const span = randomHex(8);
  if (!isTraceparent(parent)) return `00-${randomHex(16)}-${span}-01`;
  return `${parent.slice(0, 36)}${span}${parent.slice(52)}`;
};
