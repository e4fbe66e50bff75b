import type { orders } from '@jumun/protos';
import { type Logger, OverloadedError, UpstreamUnavailable, withTrace } from '@jumun/service-kit';
import { status } from '@grpc/grpc-js';
import { OrderStream } from './order-stream.ts';

export type OrderToPlace = Omit<orders.PlaceOrder, '$type' | 'callId' | 'acceptUntilMs'>;

export interface OrderStreams {
  /** The order's result, by whichever instance; `UpstreamUnavailable` when none answers in time, `OverloadedError` when too many wait. */
  place(order: OrderToPlace): Promise<orders.PlaceOrderResult>;
  /** Whether any instance can be reached. */
  connected(): boolean;
  /** Ends the waiting of those who still wait, as unavailable: their orders go on without them. */
  giveUp(): void;
  close(): void;
}

/** An order as it was sent over one connection. */
interface Copy {
  readonly sentAtMs: number;
  /** Until when it may be accepted there; once it is answered, no later than that. */
  untilMs: number;
  hasAnswer: boolean;
}

interface Pending {
  readonly order: orders.PlaceOrder;
  readonly resolve: (result: orders.PlaceOrderResult) => void;
  readonly reject: (error: Error) => void;
  /** Until when the client wants to wait for the end. */
  readonly waitUntilMs: number;
  /** Until when an answer is waited for at all. */
  readonly deadlineMs: number;
  /** The one that was sent it last. */
  stream: OrderStream | undefined;
  sentAtMs: number;
  /** By connection, broken ones too; the last of each. */
  readonly copies: Map<object, Copy>;
  /** How often it was sent. The client has called once: what an earlier sending has done is no replay to it. */
  sendings: number;
}

/**
 * As many as one orchestrator keeps open: with a participant away, what comes in the default five seconds of patience at 2,000 orders a second
 * is answered 202 and not refused. Each keeps its request and its message, some kilobytes: tens of MB in all. Whether an orchestrator can keep
 * up with what comes is not judged here: its own queue of orders that are not accepted yet is short, and refuses at once.
 */
const IN_FLIGHT_MAX = 10_000;
/** What an answer may take beside the wait that it asks for: a restart of the orchestrator included. */
const ANSWER_MS = 5_000;
/** An instance that is this late with an answer is not waited for any longer: another one is asked too. */
const OVERDUE_MS = 2_000;
/** What an instance may take to accept an order, at most: until it is overdue, but no longer than this, however long its end is waited for. */
const ACCEPT_MS = 5_000;
const SWEEP_MS = 250;
/** A sweep that comes so late was not let: nor were the answers that lie here and have not been read. They come before the next one. */
const STOOD_STILL_MS = 1_000;
/** A stream that has not answered for so long is silent; before that, the answer may be on its way. */
const SILENT_MS = 500;
/** What is refused for the moment is placed again after such a pause. */
const AGAIN_MS = 300;

/** The refusal, if there is one. */
const refusalIn = ({ outcome }: orders.PlaceOrderResult): string | undefined =>
  outcome?.$case === 'refused' ? outcome.refused.kind?.$case : undefined;

const unavailable = (): UpstreamUnavailable => new UpstreamUnavailable('/jumun.orders.v1.OrderService/PlaceOrders', status.UNAVAILABLE);

const overdueAt = ({ sentAtMs, waitUntilMs }: Pending): number => Math.max(sentAtMs, waitUntilMs) + OVERDUE_MS;

/** Whether that stream was sent it and has not answered: it is sent nothing more of it, so that an answer is always that of the one copy. */
const owes = (stream: OrderStream, { copies }: Pending): boolean =>
  stream.connection !== undefined && copies.get(stream.connection)?.hasAnswer === false;

/**
 * Whether another may have accepted it that the refuser could not know of: of a copy whose time was over before the refused one was sent, it
 * would have found the order or waited for it.
 */
const isUndecided = ({ copies }: Pending, refused: Copy): boolean => {
  for (const copy of copies.values()) if (copy !== refused && copy.untilMs >= refused.sentAtMs) return true;
  return false;
};

/**
 * Orders on open streams, one to each instance of the orchestrator. A call that goes down with its stream, or is overdue, is sent again on
 * another one, and so is what an instance could not do just now: all carry an idempotency key, so they are placed once, however often
 * they are sent. An instance that stands still may go on with what it was sent long after; so each sending has a time until which it may be
 * accepted, and one instance's refusal is told to the client only when no other one could accept any more when it was asked.
 */
export const openOrderStreams = (addresses: readonly string[], logger: Logger): OrderStreams => {
  const pending = new Map<number, Pending>();
  let nextCallId = 1;
  let turn = 0;
  let sweeper: NodeJS.Timeout | undefined;
  let sweptAtMs = 0;
  let skipped = false;

  /** The open streams in turn, another one than the last if there is one; none: it stays until one opens, or until those that owe it answer. */
  const send = (call: Pending): void => {
    const open = streams.filter((stream) => stream.isOpen);
    const free = open.filter((stream) => !owes(stream, call));
    if (open.length > 0 && free.length === 0) return;
    const others = free.length > 1 ? free.filter((stream) => stream !== call.stream) : free;
    const stream = others[turn++ % Math.max(1, others.length)];
    call.stream = stream;
    call.sentAtMs = performance.now();
    if (stream?.connection === undefined) return;
    call.sendings += 1;
    const acceptUntilMs = Math.min(overdueAt(call), call.sentAtMs + ACCEPT_MS);
    call.copies.set(stream.connection, { sentAtMs: call.sentAtMs, untilMs: acceptUntilMs, hasAnswer: false });
    const waitMs = Math.max(0, Math.round(call.waitUntilMs - call.sentAtMs));
    stream.send(waitMs < call.order.waitMs - SWEEP_MS ? { ...call.order, waitMs } : call.order, acceptUntilMs);
  };
  const sendAll = (those: (call: Pending) => boolean): void => {
    for (const call of pending.values()) if (those(call)) send(call);
  };

  /** What was in the way is maybe gone in a moment. A call whose stream is lost meanwhile has been sent by then. */
  const again = (callId: number, call: Pending): void => {
    const { sendings } = call;
    setTimeout(() => {
      if (pending.has(callId) && call.sendings === sendings) send(call);
    }, AGAIN_MS);
  };

  /** An overload, too, is told to the client only of the first sending: later ones come all at once, and an earlier one may have placed the order. */
  const answered = (stream: OrderStream, result: orders.PlaceOrderResult, connection: object): void => {
    const { callId } = result;
    const call = pending.get(callId);
    const copy = call?.copies.get(connection);
    if (call === undefined || copy === undefined) return; // answered before, by another instance, or given up
    copy.hasAnswer = true;
    copy.untilMs = Math.min(copy.untilMs, performance.now());
    const isFirst = call.sendings === 1;
    const refusal = refusalIn(result);
    const isUnknown = refusal !== undefined && ((refusal === 'overloaded' && !isFirst) || isUndecided(call, copy));
    if (refusal === 'unavailable' || isUnknown) {
      if (call.stream !== stream && call.stream !== undefined && owes(call.stream, call)) return; // the one that was asked since will say
      if (performance.now() + AGAIN_MS < call.deadlineMs) return again(callId, call);
    }
    pending.delete(callId);
    if (isUnknown) call.reject(unavailable());
    else call.resolve(isFirst ? result : { ...result, replayed: false });
  };

  const streams = addresses.map((address): OrderStream => {
    const stream: OrderStream = new OrderStream(
      address,
      {
        opened: () => sendAll((call) => call.stream === undefined),
        answered: (result, connection) => answered(stream, result, connection),
        lost: () => sendAll((call) => call.stream === stream),
      },
      logger,
    );
    return stream;
  });

  const sweep = (): void => {
    const now = performance.now();
    skipped = !skipped && now - sweptAtMs > STOOD_STILL_MS; // never two in a row: a process that is late every time has to end waits as well
    sweptAtMs = now;
    if (skipped) return;
    const several = streams.filter((stream) => stream.isOpen).length > 1;
    const silent = new Set<OrderStream>();
    for (const [callId, call] of pending) {
      if (now > call.deadlineMs) {
        pending.delete(callId);
        if (call.stream !== undefined && owes(call.stream, call) && now > call.sentAtMs + SILENT_MS) silent.add(call.stream);
        call.reject(unavailable());
      } else if (several && now > overdueAt(call)) send(call);
    }
    for (const stream of silent) stream.cut(); // it kept a call waiting to its end: a new connection is worth trying
    if (pending.size === 0) {
      clearInterval(sweeper);
      sweeper = undefined;
    }
  };

  const giveUp = (): void => {
    for (const call of pending.values()) call.reject(unavailable());
    pending.clear();
  };

  return {
    place: (order) =>
      new Promise((resolve, reject) => {
        if (pending.size >= IN_FLIGHT_MAX) return reject(new OverloadedError(`${IN_FLIGHT_MAX} orders are waiting already`));
        const callId = nextCallId++;
        const now = performance.now();
        const call: Pending = {
          order: { $type: 'jumun.orders.v1.PlaceOrder', callId, acceptUntilMs: 0, ...order },
          resolve,
          reject,
          waitUntilMs: now + order.waitMs,
          deadlineMs: now + order.waitMs + ANSWER_MS,
          stream: undefined,
          sentAtMs: now,
          copies: new Map(),
          sendings: 0,
        };
        pending.set(callId, call);
        if (sweeper === undefined) {
          sweptAtMs = now;
          sweeper = withTrace({}, () => setInterval(sweep, SWEEP_MS)); // it is nobody's: not of the trace of the call that happened to start it
        }
        send(call);
      }),
    connected: () => streams.some((stream) => stream.isOpen),
    giveUp,
    close: () => {
      giveUp(); // whoever still waits is told so
      for (const stream of streams) stream.close();
      clearInterval(sweeper);
      sweeper = undefined;
    },
  };
};
