import type { inventory, refusals } from '@jumun/protos';
import { allEnded, type Tx } from '@jumun/service-kit';
import { OptimisticConflict, participant } from '../src/index.ts';

type Command = inventory.ReserveStock | inventory.ReleaseStock | inventory.CommitStock;
type Reply = inventory.StockReserved | inventory.StockReleased | inventory.StockCommitted | refusals.OutOfStock;

interface Line {
  readonly orderId: string;
  readonly optionId: string;
  readonly quantity: number;
}

/** Rows read, and what is to be written. */
class Book {
  readonly stock = new Map<string, { was: number; available: number; version: number }>();
  readonly lines = new Map<string, Line[]>();
  readonly inserted: Line[] = [];
  readonly released: string[] = [];
}

const optionsOf = (commands: readonly Command[]): string[] =>
  commands.flatMap((command) => (command.$type === 'jumun.inventory.v1.ReserveStock' ? command.lines.map((line) => line.optionId) : []));

const load = async (tx: Tx, commands: readonly Command[], { lock }: { lock: boolean }): Promise<Book> => {
  const forUpdate = lock ? ' FOR UPDATE' : '';
  const orders = [...new Set(commands.map(({ orderId }) => orderId))].sort();
  const options = [...new Set([...optionsOf(commands), 'hot'])].sort();
  const [lines, stock] = await Promise.all([
    tx.query<Line>(
      `SELECT order_id AS orderId, option_id AS optionId, quantity FROM reserved WHERE order_id IN (?) ORDER BY order_id, option_id${forUpdate}`,
      [orders],
    ),
    tx.query<{ id: string; available: number; version: number }>(
      `SELECT option_id AS id, available, version FROM stock FORCE INDEX (PRIMARY) WHERE option_id IN (?) ORDER BY option_id${forUpdate}`,
      [options],
    ),
  ]);
  const book = new Book();
  for (const line of lines) book.lines.set(line.orderId, [...(book.lines.get(line.orderId) ?? []), line]);
  for (const { id, available, version } of stock) book.stock.set(id, { was: available, available, version });
  return book;
};

const save = async (tx: Tx, book: Book): Promise<void> => {
  const changed = [...book.stock].filter(([, { was, available }]) => was !== available).sort(([a], [b]) => (a < b ? -1 : 1));
  const writes: Promise<unknown>[] = [];
  if (changed.length > 0)
    writes.push(
      tx
        .execute(
          `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(36) CHARACTER SET ascii PATH '$[0]', a BIGINT PATH '$[1]', v BIGINT PATH '$[2]')) j
           STRAIGHT_JOIN stock s FORCE INDEX (PRIMARY) ON s.option_id = j.id AND s.version = j.v SET s.available = j.a, s.version = s.version + 1`,
          [JSON.stringify(changed.map(([id, { available, version }]) => [id, available, version]))],
        )
        .then(({ affectedRows }) => {
          if (affectedRows !== changed.length) throw new OptimisticConflict('stock has changed');
        }),
    );
  if (book.inserted.length > 0)
    writes.push(
      tx.execute(
        `INSERT INTO reserved VALUES ${book.inserted.map(() => '(?, ?, ?)').join(', ')}`,
        book.inserted.flatMap((l) => [l.orderId, l.optionId, l.quantity]),
      ),
    );
  if (book.released.length > 0) writes.push(tx.execute('DELETE FROM reserved WHERE order_id IN (?)', [book.released]));
  await allEnded(writes);
};

/** Reserves, releases and commits; option `bug` makes the decision throw, option `poison` makes the database refuse. */
export const stockParticipant = (optimistic = false) =>
  participant<Book, Command, Reply>({
    optimistic,
    load,
    save,
    decide: {
      'jumun.inventory.v1.ReserveStock': (book, { orderId, lines }) => {
        for (const { optionId, quantity } of lines) {
          const row = book.stock.get(optionId);
          if (optionId === 'bug') {
            const hot = book.stock.get('hot');
            if (hot !== undefined) hot.available -= 1; // half an effect, which must not stay
            throw new Error('a bug');
          }
          if (optionId === 'poison') {
            book.inserted.push({ orderId: 'x'.repeat(40), optionId, quantity });
            continue;
          }
          if (row === undefined || row.available < quantity) return { $type: 'jumun.refusals.v1.OutOfStock', shortages: [] };
        }
        for (const { optionId, quantity } of lines) {
          const row = book.stock.get(optionId);
          if (row === undefined) continue;
          row.available -= quantity;
          const line = { orderId, optionId, quantity };
          book.inserted.push(line);
          book.lines.set(orderId, [...(book.lines.get(orderId) ?? []), line]);
        }
        return { $type: 'jumun.inventory.v1.StockReserved' };
      },
      'jumun.inventory.v1.ReleaseStock': (book, { orderId }) => {
        for (const { optionId, quantity } of book.lines.get(orderId) ?? []) {
          const row = book.stock.get(optionId);
          if (row !== undefined) row.available += quantity;
        }
        if (book.lines.has(orderId)) book.released.push(orderId);
        book.lines.delete(orderId);
        return { $type: 'jumun.inventory.v1.StockReleased' };
      },
      'jumun.inventory.v1.CommitStock': () => ({ $type: 'jumun.inventory.v1.StockCommitted' }),
    },
  });
