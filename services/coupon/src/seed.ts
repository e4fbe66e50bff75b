import { newId, openDatabase } from '@jumun/service-kit';

export interface SeededCoupon {
  readonly couponId: string;
  readonly userId: string;
}

/** Rows in one statement: a packet stays below a megabyte. */
const CHUNK = 5_000;

/** Makes `perUser` events of 100 won off, and gives every user a coupon of each, as if all had claimed. For benches. */
export const seedCoupons = async (url: string, userIds: readonly string[], perUser: number): Promise<SeededCoupon[]> => {
  const seeded: SeededCoupon[] = [];
  const db = openDatabase(url, { poolSizeMax: 1 });
  try {
    for (let round = 0; round < perUser; round += 1) {
      const eventId = newId();
      const coupons = userIds.map((userId) => ({ couponId: newId(), userId }));
      await db.transaction(async (tx) => {
        void tx.execute(
          `INSERT INTO coupon_events (id, name, discount_type, discount_value, total_quantity, issued, opens_at, closes_at, coupon_valid_until)
           VALUES (?, 'Load', 'FIXED', 100, ?, ?, UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE, UTC_TIMESTAMP(3) + INTERVAL 1 DAY, UTC_TIMESTAMP(3) + INTERVAL 7 DAY)`,
          [eventId, coupons.length, coupons.length],
        );
        for (let from = 0; from < coupons.length; from += CHUNK)
          void tx.execute(
            `INSERT INTO coupons (id, event_id, user_id, status, expires_at)
             SELECT j.id, ?, j.user_id, 'AVAILABLE', UTC_TIMESTAMP(3) + INTERVAL 7 DAY
               FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$[0]', user_id CHAR(36) CHARACTER SET ascii PATH '$[1]')) j`,
            [eventId, JSON.stringify(coupons.slice(from, from + CHUNK).map(({ couponId, userId }) => [couponId, userId]))],
          );
      });
      seeded.push(...coupons);
    }
  } finally {
    await db.close();
  }
  return seeded;
};
