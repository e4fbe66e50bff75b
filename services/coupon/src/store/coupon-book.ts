import { isId, type Tx } from '@jumun/service-kit';
import type { Coupon } from '../coupon.ts';

interface Row extends Coupon {
  readonly now: Date;
}

/** Found by primary key in the order of the JSON, so that two batches never wait for each other in a circle. Read with the database's clock. */
export const LOCK_COUPONS = `
  SELECT c.id, c.user_id AS userId, c.status, c.held_by AS heldBy, c.used_by AS usedBy, c.expires_at AS expiresAt, UTC_TIMESTAMP(3) AS now
    FROM (SELECT j.id FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$')) j) j -- MySQL cannot lock a bare JSON_TABLE
    STRAIGHT_JOIN coupons c FORCE INDEX (PRIMARY) ON c.id = j.id FOR UPDATE`;

export const UPDATE_COUPONS = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', status VARCHAR(16) CHARACTER SET ascii PATH '$[1]',
           held_by CHAR(36) CHARACTER SET ascii PATH '$[2]', used_by CHAR(36) CHARACTER SET ascii PATH '$[3]')) j
  STRAIGHT_JOIN coupons c FORCE INDEX (PRIMARY) ON c.id = j.id
     SET c.status = j.status, c.held_by = j.held_by, c.used_by = j.used_by, c.updated_at = UTC_TIMESTAMP(3)`;

/** The coupons that a batch touches: locked once, changed in memory command by command, written with one statement. */
export class CouponBook {
  /** What validity is judged by: the database's clock when the batch was read. */
  readonly at: Date;
  readonly #coupons: Map<string, Coupon>;
  readonly #changed = new Set<string>();

  /** A book of rows that are locked, or of a test. */
  constructor(rows: readonly Coupon[], at: Date) {
    this.#coupons = new Map(rows.map((row) => [row.id, row]));
    this.at = at;
  }

  static async lock(tx: Tx, ids: readonly string[]): Promise<CouponBook> {
    const rows = await tx.query<Row>(LOCK_COUPONS, [JSON.stringify([...new Set(ids)].filter(isId).sort())]);
    return new CouponBook(rows, rows[0]?.now ?? new Date(0)); // without rows there is nothing whose date could be asked
  }

  find(id: string): Coupon | undefined {
    return this.#coupons.get(id);
  }

  put(coupon: Coupon): void {
    this.#coupons.set(coupon.id, coupon);
    this.#changed.add(coupon.id);
  }

  async save(tx: Tx): Promise<void> {
    if (this.#changed.size === 0) return;
    const rows = [...this.#changed].sort().map((id) => {
      const { status, heldBy, usedBy } = this.#coupons.get(id) as Coupon;
      return [id, status, heldBy, usedBy];
    });
    const { affectedRows } = await tx.execute(UPDATE_COUPONS, [JSON.stringify(rows)]);
    if (affectedRows !== rows.length) throw new Error(`coupons: wrote ${affectedRows} rows of ${rows.length}`);
  }
}
