import { randomUUID } from 'node:crypto';
import { eventually } from '@jumun/testkit';
import type { Answer, Customer, OrderBody, OrderWish, Product, Shop } from '../scenarios/shop.ts';
import { isFinal, mapSome, patiently, pause, untilFinal, wealthy } from './setting.ts';

/** An order of the stream: what was asked under which key, and what came back at first. */
export interface Placed {
  readonly customer: Customer;
  readonly wish: OrderWish;
  readonly key: string;
  readonly gateway: number;
  /** Undefined when the connection broke. */
  answer: Answer<OrderBody> | undefined;
}

/** The order behind an answer, whether it completed or was cancelled; undefined for a refusal that left nothing. */
export const orderIdOf = ({ status, body }: Answer<OrderBody>): string | undefined => (status < 300 ? body.id : body.orderId);

const CUSTOMERS = 10;
const COUPONS = 10;
const TICK_MS = 20;
/** Calls that may be open at once, each on a socket of its own: some 20 s of the fastest stream, with nothing coming back. */
const OPEN_MAX = 4_000;
/** Calls wait a while for their order's end; then they are told that it goes on. */
const PATIENT = { prefer: 'wait=10' };
const ASKED_AT_ONCE = 40;

export interface OrderStream {
  readonly placed: readonly Placed[];
  /** How many orders were due, by the clock. Those that were placed are fewer only where too many calls were open. */
  due(): number;
  /** Waits until an order that is placed after this call is answered with 201. */
  flows(withinMs: number): Promise<boolean>;
  /** Goes on after a stop. */
  go(): void;
  /** Places no more, and waits until the last call was answered or broke. */
  stop(): Promise<void>;
}

/**
 * Orders at a steady rate, sent at their moment whatever comes back: of many customers, one in ten with a coupon that another one wants as
 * well, one in twenty for something of which there is little. `gateways` take turns.
 */
export const openStream = async (gateways: readonly Shop[], ratePerSecond: number): Promise<OrderStream> => {
  const shop = gateways[0] as Shop;
  const [customers, plenty, scarce] = await Promise.all([
    wealthy(shop, CUSTOMERS),
    Promise.all([100, 110, 120, 130].map((price) => patiently(() => shop.product(price, 1_000_000)))),
    patiently(() => shop.product(100, 30)),
  ]);
  const coupons = await mapSome(Array.from({ length: COUPONS }), 4, async () => {
    const customer = customers[Math.floor(Math.random() * CUSTOMERS)] as Customer;
    return { customer, couponId: await patiently(() => shop.coupon(customer, 10)) };
  });
  const placed: Placed[] = [];
  const open = new Set<Promise<void>>();

  const wishOf = (n: number): { customer: Customer; wish: OrderWish } => {
    const customer = customers[n % CUSTOMERS] as Customer;
    const product = (n % 20 === 7 ? scarce : plenty[n % plenty.length]) as Product;
    const items = [{ optionId: product.optionId, quantity: 1 }];
    // Each coupon is tried many times over: one order gets it.
    const granted = n % 10 === 3 ? coupons[Math.floor(n / 10) % COUPONS] : undefined;
    return granted === undefined
      ? { customer, wish: { items } }
      : { customer: granted.customer, wish: { items, couponId: granted.couponId } };
  };

  const place = (): void => {
    const n = placed.length;
    const gateway = n % gateways.length;
    const order: Placed = { ...wishOf(n), key: randomUUID(), gateway, answer: undefined };
    placed.push(order);
    const call = (gateways[gateway] as Shop).order(order.customer, order.wish, order.key, PATIENT).then(
      (answer) => {
        order.answer = answer;
      },
      () => undefined,
    );
    open.add(call);
    void call.finally(() => open.delete(call));
  };

  let due = 0;
  let timer: NodeJS.Timeout | undefined;
  const go = (): void => {
    const [begun, before] = [performance.now(), due];
    timer = setInterval(() => {
      const now = before + Math.floor(((performance.now() - begun) * ratePerSecond) / 1_000);
      for (; due < now; due++) if (open.size < OPEN_MAX) place();
    }, TICK_MS);
  };
  go();

  return {
    placed,
    due: () => due,
    flows: async (withinMs) => {
      const from = placed.length;
      return eventually(() => placed.slice(from).some(({ answer }) => answer?.status === 201), { withinMs });
    },
    go,
    stop: async () => {
      clearInterval(timer);
      while (open.size > 0) await Promise.race([...open, pause(1_000)]);
    },
  };
};

/** What contradicts the promise of a key, in lines: no final answer, another order than at first, or another answer the next time. */
export const brokenPromises = async (gateways: readonly Shop[], placed: readonly Placed[]): Promise<string[]> => {
  const lines = await mapSome(placed, ASKED_AT_ONCE, async ({ customer, wish, key, gateway, answer }): Promise<string[]> => {
    const ask = (): Promise<Answer<OrderBody>> => (gateways[gateway] as Shop).order(customer, wish, key);
    try {
      const first = answer !== undefined && isFinal(answer) ? answer : await untilFinal(ask);
      const again = await untilFinal(ask);
      const promised = (answer && orderIdOf(answer)) ?? orderIdOf(first);
      if (promised === undefined) return []; // a refusal that left nothing is judged afresh
      const said = (of: Answer<OrderBody>): string => [of.status, of.body.code ?? of.body.status, orderIdOf(of)].join(' ');
      if (promised !== orderIdOf(again) || said(first) !== said(again)) return [`${key}: ${promised}: ${said(first)}, then ${said(again)}`];
      return [];
    } catch (error) {
      return [`${key}: ${String(error)}`];
    }
  });
  return lines.flat();
};
