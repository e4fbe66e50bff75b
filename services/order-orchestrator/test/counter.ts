import { orders } from '@jumun/protos';
import { grpcClient, newId } from '@jumun/service-kit';

const CUT = 'the stream was cut';

export interface Order {
  readonly userId: string;
  /** A product's id and how many of it. */
  readonly items: readonly (readonly [string, number])[];
  readonly couponId?: string;
  readonly key?: string;
  readonly fingerprint?: string;
  readonly waitMs?: number;
}

/** Where orders are handed in: an open stream to one orchestrator. */
export interface Counter {
  place(order: Order): Promise<orders.PlaceOrderResult>;
  /** Places until there is an answer: a cut stream and a refusal for the moment are tried again, with the same key, as a client would. */
  insist(order: Order): Promise<orders.PlaceOrderResult>;
  close(): void;
}

const callOf = (order: Order, callId: number): orders.PlaceOrder =>
  orders.PlaceOrder.fromPartial({
    callId,
    userId: order.userId,
    idempotency: {
      caller: order.userId,
      route: 'POST /v1/orders',
      key: order.key ?? newId(),
      fingerprint: order.fingerprint ?? 'a'.repeat(64),
    },
    lines: order.items.map(([productId, quantity]) => ({ productId, quantity })),
    couponId: order.couponId,
    waitMs: order.waitMs ?? 30_000,
  });

export const openCounter = (address: string): Counter => {
  const client = grpcClient(orders.OrderServiceClient, address);
  let calls = 0;
  const waiting = new Map<number, { resolve: (result: orders.PlaceOrderResult) => void; reject: (error: Error) => void }>();
  let stream: ReturnType<typeof client.placeOrders> | undefined;

  const open = (): NonNullable<typeof stream> => {
    const opened = client.placeOrders();
    const cut = (): void => {
      if (stream === opened) stream = undefined;
      for (const { reject } of waiting.values()) reject(new Error(CUT));
      waiting.clear();
    };
    opened.on('data', ({ results }: orders.PlaceOrdersResponse) => {
      for (const result of results) {
        waiting.get(result.callId)?.resolve(result);
        waiting.delete(result.callId);
      }
    });
    opened.on('error', cut);
    opened.on('end', cut);
    return opened;
  };

  const place = (order: Order): Promise<orders.PlaceOrderResult> =>
    new Promise((resolve, reject) => {
      const callId = ++calls;
      waiting.set(callId, { resolve, reject });
      stream ??= open();
      stream.write(orders.PlaceOrdersRequest.fromPartial({ orders: [callOf(order, callId)] }));
    });

  return {
    place,
    insist: async (order) => {
      const same = { key: newId(), ...order };
      for (;;) {
        const result = await place(same).catch((error: Error) => error);
        const again =
          result instanceof Error || (result.outcome?.$case === 'refused' && result.outcome.refused.kind?.$case === 'unavailable');
        if (!again) return result;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    close: () => {
      stream?.cancel();
      client.close();
    },
  };
};
