import { canBeId, changeRows, type Tx } from '@jumun/service-kit';
import type { Coupon } from '../coupon.ts';

interface Row extends Coupon {
  readonly now: Date;
}

/** Locked in the order of their keys, so that two batches never wait for each other in a circle. Read with the database's clock. */
export const LOCK_COUPONS = `
  SELECT id, event_id AS eventId, user_id AS userId, status, order_id AS orderId, expires_at AS expiresAt, UTC_TIMESTAMP(3) AS now
    FROM coupons FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE`;

const COUPONS = 'coupons (id, event_id, user_id, status, order_id, expires_at)';

/** New values of locked rows. */
const NEW_VALUES = 'ON DUPLICATE KEY UPDATE status = VALUES(status), order_id = VALUES(order_id), updated_at = UTC_TIMESTAMP(3)';

/** The coupons that a batch touches: locked once, changed in memory command by command, written with one statement. */
export class CouponBook {
  /** What validity is judged by: the database's clock when the batch was read. */
  readonly at: Date;
  readonly #read: ReadonlyMap<string, Coupon>;
  readonly #now: Map<string, Coupon>;

  /** A book of rows that are locked, or of a test. */
  constructor(rows: readonly Coupon[], at: Date) {
    this.#read = new Map(rows.map((row) => [row.id, row]));
    this.#now = new Map(this.#read);
    this.at = at;
  }

  static async lock(tx: Tx, ids: readonly string[]): Promise<CouponBook> {
    const some = [...new Set(ids)].filter(canBeId).sort();
    const rows = some.length === 0 ? [] : await tx.query<Row>(LOCK_COUPONS, [some]);
    return new CouponBook(rows, rows[0]?.now ?? new Date(0)); // without rows there is nothing whose date could be asked
  }

  find(id: string): Coupon | undefined {
    return this.#now.get(id);
  }

  put(coupon: Coupon): void {
    this.#now.set(coupon.id, coupon);
  }

  async save(tx: Tx): Promise<void> {
    const changed = [...this.#now.values()].filter(({ id, status, orderId }) => {
      const before = this.#read.get(id);
      return status !== before?.status || orderId !== before.orderId;
    });
    if (changed.length === 0) return;
    const rows = changed
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, eventId, userId, status, orderId, expiresAt }) => [id, eventId, userId, status, orderId, expiresAt]);
    const unchanged = await changeRows(tx, COUPONS, rows, NEW_VALUES);
    if (unchanged !== 0) throw new Error(`coupons: ${unchanged} of ${rows.length} rows were not changed`);
  }
}
