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

export type Shortage = Omit<refusals.Shortage, '$type'>;

/** Adds up lines that name the same option, in the order of their first. */
export const addUp = <L extends Line>(lines: readonly L[]): L[] => {
  const byOption = new Map<string, L>();
  for (const line of lines) {
    const earlier = byOption.get(line.optionId);
    byOption.set(line.optionId, earlier === undefined ? line : { ...earlier, quantity: earlier.quantity + line.quantity });
  }
  return [...byOption.values()];
};

/** What is missing for all of the lines; empty when every one of them can be had. `available` answers undefined for an option that is not there. */
export const shortages = (lines: readonly Line[], available: (optionId: string) => number | undefined): Shortage[] =>
  lines
    .map(({ productId, optionId, quantity }) => ({ productId, optionId, requested: quantity, available: available(optionId) ?? 0 }))
    .filter(({ requested, available: has }) => has < requested);

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

/** What an administrator corrects; null when less would be on hand than is reserved. */
export const adjust = (stock: Stock, delta: number): Stock | null =>
  stock.available + delta < 0 ? null : { ...stock, available: stock.available + delta, version: stock.version + 1 };

export const onHand = ({ available, reserved }: Stock): number => available + reserved;
