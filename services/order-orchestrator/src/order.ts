/** What a saga carries: the order as it was accepted, prices frozen. Amounts are won, times epoch milliseconds. */
export interface PlacedOrder {
  readonly id: string;
  readonly userId: string;
  readonly lines: readonly PlacedLine[];
  readonly subtotal: number;
  readonly discount: number;
  readonly total: number;
  readonly couponId?: string;
  readonly createdAt: number;
  readonly paidAt?: number;
}

export interface PlacedLine {
  readonly productId: string;
  readonly optionId: string;
  readonly name: string;
  readonly unitPrice: number;
  readonly quantity: number;
  readonly discountShare: number;
}

export type OrderStatus = 'PENDING' | 'VALIDATING' | 'PROCESSING' | 'COMPLETED' | 'CANCELLED';

/** The steps from one status to another, the last included: a batch of replies may take an order over several at once. */
export const pathOf = (from: OrderStatus, to: OrderStatus): OrderStatus[] => {
  if (from === to) return [];
  const next: OrderStatus = from === 'PENDING' ? 'VALIDATING' : from === 'VALIDATING' && to === 'COMPLETED' ? 'PROCESSING' : to;
  return [next, ...pathOf(next, to)];
};
