import type { Tx } from '@jumun/service-kit';
import { onHand, type Stock } from '../stock.ts';

/** The one row that reservations of this option wait for, too. */
export const LOCK_ONE = `
  SELECT option_id AS optionId, product_id AS productId, available, reserved, sold, version
    FROM stock FORCE INDEX (PRIMARY) WHERE option_id = ? FOR UPDATE`;

/** Whether the option's product is still there; not locked, for nobody else's sake. */
export const READ_PRODUCT_OF = `
  SELECT p.id FROM product_options o JOIN products p ON p.id = o.product_id WHERE o.id = ? AND p.deleted_at IS NULL`;

const SET_STOCK = 'UPDATE stock SET available = ?, version = ? WHERE option_id = ?';

const INSERT_ADJUSTMENT = `
  INSERT INTO stock_movements (option_id, type, delta, on_hand_after, cause_id, reason) VALUES (?, 'ADJUSTMENT', ?, ?, ?, ?)`;

/** The option's stock, locked; undefined when there is no such option, or its product is deleted. */
export const lockOption = async (tx: Tx, optionId: string): Promise<Stock | undefined> => {
  const [[stock], [product]] = await Promise.all([
    tx.query<Stock>(LOCK_ONE, [optionId]),
    tx.query<{ id: string }>(READ_PRODUCT_OF, [optionId]),
  ]);
  return product === undefined ? undefined : stock;
};

/** Writes what an adjustment made of a locked row. */
export const writeAdjustment = (tx: Tx, after: Stock, adjustment: { id: string; delta: number; reason: string }): void => {
  void tx.execute(SET_STOCK, [after.available, after.version, after.optionId]);
  void tx.execute(INSERT_ADJUSTMENT, [after.optionId, adjustment.delta, onHand(after), adjustment.id, adjustment.reason]);
};
