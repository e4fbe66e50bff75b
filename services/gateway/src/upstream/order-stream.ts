import { orders } from '@jumun/protos';
import { backoffMs, grpcClient, type GrpcClient, type Logger } from '@jumun/service-kit';
import type { ClientDuplexStream } from '@grpc/grpc-js';

export interface OrderStreamEvents {
  readonly opened: () => void;
  /** What a connection has answered to what it was sent. */
  readonly answered: (result: orders.PlaceOrderResult, connection: object) => void;
  /** It broke; what was sent and not answered has to go elsewhere. */
  readonly lost: () => void;
}

type Stream = ClientDuplexStream<orders.PlaceOrdersRequest, orders.PlaceOrdersResponse>;

/** A message of so many orders of 100 lines has some 2 MB, half of what gRPC takes by default. */
const ORDERS_A_MESSAGE_MAX = 200;
/** How often to look whether a connection has come up; only while there is none. */
const CONNECT_POLL_MS = 100;
/** A channel that has not connected by then is replaced: they are known to get stuck (grpc-node #2785). */
const STUCK_MS = 20_000;

/**
 * One instance of the orchestrator: a stream that is opened again whenever it breaks, and is open once the other side has said what its clock
 * shows. What is placed in one turn of the event loop goes as one message.
 */
export class OrderStream {
  #client: GrpcClient<typeof orders.OrderServiceService> | undefined;
  #stream: Stream | undefined;
  /** What its clock is ahead of ours, in ms; rather too little than too much, by what a message takes. */
  #clockAheadMs: number | undefined;
  #outgoing: orders.PlaceOrder[] = [];
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #connectingSince = performance.now();
  #closed = false;

  constructor(
    readonly address: string,
    private readonly events: OrderStreamEvents,
    private readonly logger: Logger,
  ) {
    this.#connect();
  }

  get isOpen(): boolean {
    return this.#clockAheadMs !== undefined;
  }

  /** What is sent now goes over this one. Another one, after it has broken, may lead to another process. */
  get connection(): object | undefined {
    return this.#stream;
  }

  /** Sends an order that may be accepted until then, on our clock (`performance.now()`). */
  send(order: orders.PlaceOrder, acceptUntilMs: number): void {
    const call = { ...order, acceptUntilMs: Math.floor(acceptUntilMs + (this.#clockAheadMs ?? 0)) };
    if (this.#outgoing.push(call) === 1) setImmediate(() => this.#flush());
  }

  /** Breaks the stream, as for one that does not answer any more. */
  cut(): void {
    this.#stream?.cancel();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#stream?.cancel();
    this.#client?.close();
  }

  #flush(): void {
    const waiting = this.#outgoing;
    this.#outgoing = [];
    for (let from = 0; from < waiting.length; from += ORDERS_A_MESSAGE_MAX)
      this.#stream?.write({ $type: 'jumun.orders.v1.PlaceOrdersRequest', orders: waiting.slice(from, from + ORDERS_A_MESSAGE_MAX) });
  }

  /** Opens the stream once there is a connection: a call that is sent into none would only come back as an error. */
  #connect(): void {
    this.#client ??= grpcClient(orders.OrderServiceClient, this.address);
    if (this.#client.connected()) return this.#open(this.#client);
    if (performance.now() - this.#connectingSince > STUCK_MS) {
      this.#client.close();
      this.#client = undefined;
      this.#connectingSince = performance.now();
    }
    this.#timer = setTimeout(() => this.#connect(), CONNECT_POLL_MS);
  }

  #open(client: GrpcClient<typeof orders.OrderServiceService>): void {
    const stream = client.placeOrders();
    let ended = false;
    const end = (error?: unknown): void => {
      if (ended) return;
      ended = true;
      this.#lost(error);
    };
    stream.on('data', ({ results, clockMs }: orders.PlaceOrdersResponse) => {
      if (ended) return; // what it was sent has gone elsewhere
      this.#failures = 0;
      const isFirst = !this.isOpen;
      this.#clockAheadMs = clockMs - performance.now();
      if (isFirst) this.events.opened();
      for (const result of results) this.events.answered(result, stream);
    });
    stream.on('error', end);
    stream.on('end', end);
    this.#stream = stream;
  }

  #lost(error: unknown): void {
    this.#stream = undefined;
    this.#clockAheadMs = undefined;
    this.#outgoing = [];
    this.#connectingSince = performance.now();
    if (!this.#closed) {
      this.#failures++;
      this.logger.warn(
        { address: this.address, reason: error instanceof Error ? error.message : 'ended' },
        'the stream of orders was lost',
      );
      this.#timer = setTimeout(() => this.#connect(), backoffMs(this.#failures, { baseMs: 50, capMs: 2_000 }));
    }
    this.events.lost();
  }
}
