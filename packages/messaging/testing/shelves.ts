import { inventory, refusals, type UnknownMessage } from '@jumun/protos';
import type { Tx } from '@jumun/service-kit';
import { OptimisticConflict, type Participant } from '../src/inbox/participant.ts';

type Command = inventory.ReserveStock | inventory.ReleaseStock;
type Reply = inventory.StockReserved | inventory.StockReleased | refusals.OutOfStock;

interface Shelves {
  readonly rows: Map<string, { id: string; available: number; version: number; was: number }>;
  readonly taken: Map<string, { orderId: string; shelfId: string; quantity: number }>;
  readonly changed: Set<string>;
  readonly added: Set<string>;
  readonly removed: Set<string>;
}

export interface ShelvesOptions {
  readonly optimistic?: boolean;
  /** Told of each load, so that a test may get in between. */
  readonly onLoad?: (lock: boolean) => Promise<void>;
}

const shelfIds = (command: Command): string[] =>
  command.$type === 'jumun.inventory.v1.ReserveStock' ? command.lines.map(({ optionId }) => optionId) : command.optionIds;

/** Takes units from shelves. The order `bug` is one that decide fails on, `poison` one that the database refuses. */
export const shelves = ({ optimistic = false, onLoad }: ShelvesOptions = {}): Participant<Shelves, Command, Reply> => ({
  optimistic,
  load: async (tx, commands, { lock }) => {
    const forUpdate = lock ? 'FOR UPDATE' : '';
    const orders = tx.query<{ orderId: string; shelfId: string; quantity: number }>(
      `SELECT order_id AS orderId, shelf_id AS shelfId, quantity FROM taken FORCE INDEX (PRIMARY) WHERE order_id IN (?) ORDER BY order_id ${forUpdate}`,
      [commands.map(({ orderId }) => orderId)],
    );
    const rows = tx.query<{ id: string; available: number; version: number }>(
      `SELECT id, available, version FROM shelf FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id ${forUpdate}`,
      [commands.flatMap(shelfIds)],
    );
    const [takenRows, shelfRows] = await Promise.all([orders, rows]);
    await onLoad?.(lock);
    return {
      rows: new Map(shelfRows.map((row) => [row.id, { ...row, was: row.version }])),
      taken: new Map(takenRows.map((row) => [row.orderId, row])),
      changed: new Set(),
      added: new Set(),
      removed: new Set(),
    };
  },
  decide: {
    'jumun.inventory.v1.ReserveStock': (state, { orderId, lines }) => {
      if (orderId === 'bug') throw new Error('a bug');
      const { optionId, quantity } = lines[0]!;
      const shelf = state.rows.get(optionId);
      if (shelf === undefined || shelf.available < quantity) return refusals.OutOfStock.fromPartial({});
      shelf.available -= quantity;
      state.taken.set(orderId, { orderId, shelfId: optionId, quantity });
      state.changed.add(optionId);
      state.added.add(orderId);
      return inventory.StockReserved.fromPartial({});
    },
    'jumun.inventory.v1.ReleaseStock': (state, { orderId }) => {
      const taken = state.taken.get(orderId);
      if (taken !== undefined) {
        state.rows.get(taken.shelfId)!.available += taken.quantity;
        state.changed.add(taken.shelfId);
        state.taken.delete(orderId);
        if (!state.added.delete(orderId)) state.removed.add(orderId);
      }
      return inventory.StockReleased.fromPartial({});
    },
  },
  save: (tx, state) => saveShelves(tx, state, optimistic),
});

const saveShelves = async (tx: Tx, { rows, taken, changed, added, removed }: Shelves, optimistic: boolean): Promise<void> => {
  for (const id of changed) {
    const { available, was } = rows.get(id)!;
    const { affectedRows } = await tx.execute('UPDATE shelf SET available = ?, version = version + 1 WHERE id = ? AND version = ?', [
      available,
      id,
      was,
    ]);
    if (affectedRows !== 1) throw optimistic ? new OptimisticConflict() : new Error('a shelf was changed under its lock');
  }
  for (const orderId of added) {
    if (orderId === 'poison') await tx.execute('INSERT INTO no_such_table VALUES (1)');
    const { shelfId, quantity } = taken.get(orderId)!;
    await tx.execute('INSERT INTO taken (order_id, shelf_id, quantity) VALUES (?, ?, ?)', [orderId, shelfId, quantity]);
  }
  if (removed.size > 0) await tx.execute('DELETE FROM taken WHERE order_id IN (?)', [[...removed]]);
};

export const reserve = (orderId: string, shelfId: string, quantity = 1): UnknownMessage =>
  inventory.ReserveStock.fromPartial({ orderId, lines: [{ productId: 'p', optionId: shelfId, quantity }] });
export const release = (orderId: string, shelfId: string): UnknownMessage =>
  inventory.ReleaseStock.fromPartial({ orderId, optionIds: [shelfId] });
