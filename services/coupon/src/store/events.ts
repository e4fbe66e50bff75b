import type { Tx } from '@jumun/service-kit';
import type { DiscountColumns } from '../discount.ts';

const INSERT_EVENT = `
  INSERT INTO coupon_events (id, name, discount_type, discount_value, max_discount, min_order_amount, total_quantity, opens_at, closes_at, coupon_valid_until)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export interface NewEvent extends DiscountColumns {
  readonly id: string;
  readonly name: string;
  readonly totalQuantity: number;
  readonly opensAt: Date;
  readonly closesAt: Date;
  readonly couponValidUntil: Date;
}

/** Writes an event and answers the database's clock, by which events open and close. */
export const insertEvent = async (tx: Tx, event: NewEvent): Promise<Date> => {
  void tx.execute(INSERT_EVENT, [
    event.id,
    event.name,
    event.discountType,
    event.discountValue,
    event.maxDiscount,
    event.minOrderAmount,
    event.totalQuantity,
    event.opensAt,
    event.closesAt,
    event.couponValidUntil,
  ]);
  const [row] = await tx.query<{ now: Date }>('SELECT UTC_TIMESTAMP(3) AS now');
  return (row as { now: Date }).now;
};
