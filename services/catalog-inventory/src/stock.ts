import type { refusals } from '@jumun/protos';

/** Units of one option. On hand is available + reserved. */
export interface Stock {
  readonly optionId: string;
  readonly productId: string;
  readonly available: number;
  readonly reserved: number;
  readonly sold: number;
  readonly version: number;
}

export interface Line {
  readonly productId: string;
  readonly optionId: string;
  readonly quantity: number;
}

/** Units that an option may have on hand. */
export const ON_HAND_MAX = 1_000_000_000;

/** Adds up lines that name the same option, in the order of their first. */
export const addUp = <L extends Line>(lines: readonly L[]): L[] => {
  const byOption = new Map<string, L>();
  for (const line of lines) {
    const earlier = byOption.get(line.optionId);
    byOption.set(line.optionId, earlier === undefined ? line : { ...earlier, quantity: earlier.quantity + line.quantity });
  }
  return [...byOption.values()];
};

/**
 * What is missing for all of the lines together; empty when every one of them can be had. Each option stands in one line (`addUp`);
 * `available` answers undefined for an option that is not there.
 */
export const shortages = (lines: readonly Line[], available: (optionId: string) => number | undefined): refusals.Shortage[] => {
  const short: refusals.Shortage[] = [];
  for (const { productId, optionId, quantity } of lines) {
    const has = available(optionId) ?? 0;
    if (has < quantity) short.push({ $type: 'jumun.refusals.v1.Shortage', productId, optionId, requested: quantity, available: has });
  }
  return short;
};

/** Takes units out of what can be bought, for an order that may still fail. */
export const reserve = (stock: Stock, quantity: number): Stock => ({
  ...stock,
  available: stock.available - quantity,
  reserved: stock.reserved + quantity,
  version: stock.version + 1,
});

/** Gives reserved units back. */
export const release = (stock: Stock, quantity: number): Stock => ({
  ...stock,
  available: stock.available + quantity,
  reserved: stock.reserved - quantity,
  version: stock.version + 1,
});

/** Sells reserved units. */
export const commit = (stock: Stock, quantity: number): Stock => ({
  ...stock,
  reserved: stock.reserved - quantity,
  sold: stock.sold + quantity,
  version: stock.version + 1,
});

export const onHand = ({ available, reserved }: Stock): number => available + reserved;

/** What an administrator corrects by `delta` units, or why it cannot be so: less on hand than is reserved, or more than anybody may have. */
export const adjust = (stock: Stock, delta: number): Stock | 'below reserved' | 'too much' => {
  if (stock.available + delta < 0) return 'below reserved';
  if (onHand(stock) + delta > ON_HAND_MAX) return 'too much';
  return { ...stock, available: stock.available + delta, version: stock.version + 1 };
};
