import { call, ProblemError, type Problem } from '../rest.ts';
import type { DemoAccount } from '../seed.ts';
import { bold, dim, green, red, won } from './paint.ts';

export interface Wish {
  /** What the reader is told before it happens. */
  title: string;
  customer: DemoAccount;
  items: { productId?: string; optionId?: string; quantity: number }[];
  couponId?: string;
  idempotencyKey: string;
}

interface Order {
  id: string;
  status: string;
  subtotal: number;
  discount: number;
  total: number;
  items: { name: string; unitPrice: number; quantity: number; discountShare: number }[];
}

interface TimelineItem {
  at: string;
  source: string;
  kind: string;
  detail?: Record<string, unknown>;
}

export type Outcome = { order: Order; tookMs: number } | { refusal: ProblemError; tookMs: number };

/** Places the order. A refusal is an outcome like any other here; what is neither is thrown. */
export const place = async (gatewayUrl: string, { customer, items, couponId, idempotencyKey }: Wish): Promise<Outcome> => {
  const begun = performance.now();
  const tookMs = (): number => Math.round(performance.now() - begun);
  try {
    const order = await call<Order>(gatewayUrl, 'POST', '/v1/orders', {
      token: customer.accessToken,
      body: { items, ...(couponId === undefined ? {} : { couponId }) },
      idempotencyKey,
      headers: { prefer: 'wait=20' },
    });
    return { order, tookMs: tookMs() };
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status >= 500) throw error;
    return { refusal: error, tookMs: tookMs() };
  }
};

/** Tells what became of a wish: the bill or the refusal, and every step on the way. */
export const tell = async (gatewayUrl: string, wish: Wish, outcome: Outcome): Promise<void> => {
  console.log(`\n${bold(wish.title)}`);
  if ('order' in outcome) {
    const { order, tookMs } = outcome;
    for (const { quantity, name, unitPrice } of order.items) console.log(`  ${quantity} × ${name}, ${won(unitPrice)} each`);
    const sum = order.discount > 0 ? `${won(order.subtotal)} − ${won(order.discount)} coupon = ${won(order.total)}` : won(order.total);
    console.log(
      `  ${order.status === 'COMPLETED' ? green(`✔ ${order.status}`) : order.status}  ${sum}  ${dim(`answered after ${tookMs} ms · order ${order.id}`)}`,
    );
    await tellTimeline(gatewayUrl, wish.customer, order.id);
    return;
  }
  const { refusal, tookMs } = outcome;
  console.log(`  ${red(`✘ ${refusal.code}`)}  ${inWords(refusal.problem)}  ${dim(`${refusal.status} after ${tookMs} ms`)}`);
  const { orderId } = refusal.problem;
  if (orderId !== undefined) await tellTimeline(gatewayUrl, wish.customer, orderId);
  else console.log(dim('  refused before anything was reserved: there is no order, and nothing to undo'));
};

const tellTimeline = async (gatewayUrl: string, customer: DemoAccount, orderId: string): Promise<void> => {
  const { items } = await call<{ items: TimelineItem[] }>(gatewayUrl, 'GET', `/v1/orders/${orderId}/timeline`, {
    token: customer.accessToken,
  });
  const first = Date.parse(items[0]?.at ?? '');
  const wide = Math.max(...items.map(({ source }) => source.length), 0);
  const kindWide = Math.max(...items.map(({ kind }) => kind.length), 0);
  items.forEach(({ at, source, kind, detail }, index) => {
    const offset = `${Date.parse(at) - first} ms`.padStart(8);
    const branch = index === items.length - 1 ? '└' : '├';
    console.log(
      `  ${dim(branch)} ${dim(offset)}  ${source.padEnd(wide)}  ${`${kind.padEnd(kindWide)}  ${dim(inDetail(detail))}`.trimEnd()}`,
    );
  });
};

/** A refusal's own data, as a sentence where it is known, otherwise its detail. */
const inWords = ({ code, shortages, shortBy, required = 0, balance = 0, detail, title }: Problem): string => {
  if (code === 'OUT_OF_STOCK' && shortages !== undefined) {
    return shortages.map(({ requested, available }) => `${requested} wanted, ${available} left`).join('; ');
  }
  if (shortBy !== undefined) return `${won(required)} needed, ${won(balance)} there: ${won(shortBy)} short`;
  return detail ?? title ?? '';
};

const inDetail = (detail: Record<string, unknown> | undefined): string =>
  Object.entries(detail ?? {})
    .filter(([name, value]) => ['string', 'number', 'boolean'].includes(typeof value) && !(name === 'attempt' && value === 1))
    .map(([name, value]) => (name === 'durationMs' ? `${String(value)} ms` : name === 'step' ? String(value) : `${name} ${String(value)}`))
    .join(' · ');
