import type { Tx } from '@jumun/service-kit';
import type { Coupon } from '../coupon.ts';

const LOCK = `
  SELECT id, user_id AS userId, status, held_by AS heldBy, used_by AS usedBy, expires_at AS expiresAt
    FROM coupons FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE`;

export const UPDATE_COUPONS = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', status VARCHAR(16) CHARACTER SET ascii PATH '$[1]',
           held_by CHAR(36) CHARACTER SET ascii PATH '$[2]', used_by CHAR(36) CHARACTER SET ascii PATH '$[3]')) j
  STRAIGHT_JOIN coupons c FORCE INDEX (PRIMARY) ON c.id = j.id
     SET c.status = j.status, c.held_by = j.held_by, c.used_by = j.used_by, c.updated_at = UTC_TIMESTAMP(3)`;

/** The coupons that a batch touches: locked once, changed in memory command by command, written with one statement. */
export class CouponBook {
  /** When the batch was read: what validity is judged by. */
  readonly at = new Date();
  readonly #coupons = new Map<string, Coupon>();
  readonly #changed = new Set<string>();

  private constructor(rows: readonly Coupon[]) {
    for (const row of rows) this.#coupons.set(row.id, row);
  }

  static async lock(tx: Tx, ids: readonly string[]): Promise<CouponBook> {
    return new CouponBook(await tx.query<Coupon>(LOCK, [[...new Set(ids)].sort()]));
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
    if (affectedRows !== rows.length) throw new Error(`wrote ${affectedRows} coupons of ${rows.length}`);
  }
}
