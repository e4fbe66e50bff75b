import type { Database, Tx } from '@jumun/service-kit';
import { openStream } from './kafka.ts';
import { serveLines } from './lines.ts';
import type { Command, FloorSetting, Reply } from './setting.ts';

/** What a batch has come to: the type of each reply, in the order of the commands, and what is written with them. */
interface Played {
  readonly types: readonly string[];
  readonly write: (tx: Tx) => readonly Promise<unknown>[];
}
type Play = (tx: Tx, commands: readonly Command[]) => Promise<Played>;

/** As Jumun's: larger batches hold their rows longer than they save. */
const COMMANDS_MAX = 200;

const unique = (ids: readonly string[]): string[] => [...new Set(ids)].sort();

/** Answers a batch of ids with a number of each one's row. */
const numbersOf =
  <Row>(db: Database, sql: string, entryOf: (row: Row) => [id: string, number: number]) =>
  async (ids: string[]): Promise<(number | undefined)[]> => {
    const known = new Map((await db.query<Row>(sql, [unique(ids)])).map(entryOf));
    return ids.map((id) => known.get(id));
  };

/** Effect and reply of each command of a batch in one transaction, and then the replies. A command that comes twice ends the process. */
const participate = async (setting: FloorSetting, db: Database, role: 'wallet' | 'inventory' | 'coupon', play: Play): Promise<void> => {
  const stream = await openStream(setting, role);
  await stream.consume<Command>(role, COMMANDS_MAX, async (commands) => {
    const replies = await db.transaction(async (tx): Promise<Reply[]> => {
      const { types, write } = await play(tx, commands);
      const answers = commands.map(({ id, orderId }, index) => ({ id: `${id}/reply`, commandId: id, orderId, type: types[index] ?? '' }));
      const inbox = answers.map((answer) => [answer.commandId, JSON.stringify(answer)]);
      await Promise.all([tx.insert(`${role}_inbox`, inbox), ...write(tx)]);
      return answers;
    });
    await stream.send({ replies });
  });
};

interface WalletRow {
  readonly userId: string;
  balance: number;
  version: number;
}
const WALLETS = 'SELECT user_id AS userId, balance, version FROM wallets WHERE user_id IN (?) ORDER BY user_id';

export const wallet = async (setting: FloorSetting, db: Database): Promise<void> => {
  await serveLines(
    setting.ports.wallet,
    numbersOf<WalletRow>(db, WALLETS, ({ userId, balance }) => [userId, balance]),
  );
  await participate(setting, db, 'wallet', async (tx, commands) => {
    const rows = await tx.query<WalletRow>(`${WALLETS} FOR UPDATE`, [unique(commands.map(({ userId }) => userId))]);
    const wallets = new Map(rows.map((row) => [row.userId, row]));
    const ledger: unknown[][] = [];
    const types = commands.map(({ userId, orderId, total }) => {
      const mine = wallets.get(userId);
      if (mine === undefined || mine.balance < total) throw new Error(`wallet ${userId} cannot pay ${total}: a floor refuses nobody`);
      mine.balance -= total;
      mine.version += 1;
      ledger.push([orderId, userId, mine.version, -total, mine.balance]);
      return 'WalletDebited';
    });
    const after = rows.map(({ userId, balance, version }) => [userId, balance, version]);
    const values = 'ON DUPLICATE KEY UPDATE balance = VALUES(balance), version = VALUES(version)';
    return { types, write: ({ insert }) => [insert('wallets', after, values), insert('ledger', ledger)] };
  });
};

interface StockRow {
  readonly optionId: string;
  readonly price: number;
  available: number;
  reserved: number;
  sold: number;
}
const STOCK = 'SELECT option_id AS optionId, price, available, reserved, sold FROM stock WHERE option_id IN (?) ORDER BY option_id';
const COMMIT_RESERVATIONS = "UPDATE reservations SET status = 'COMMITTED' WHERE order_id IN (?)";

export const inventory = async (setting: FloorSetting, db: Database): Promise<void> => {
  await serveLines(
    setting.ports.inventory,
    numbersOf<StockRow>(db, STOCK, ({ optionId, price }) => [optionId, price]),
  );
  await participate(setting, db, 'inventory', async (tx, commands) => {
    const rows = await tx.query<StockRow>(`${STOCK} FOR UPDATE`, [unique(commands.map(({ optionId }) => optionId))]);
    const stock = new Map(rows.map((row) => [row.optionId, row]));
    const [reserved, movements]: [unknown[][], unknown[][]] = [[], []];
    const committed: string[] = [];
    const types = commands.map(({ type, orderId, optionId, quantity }) => {
      const option = stock.get(optionId);
      if (option === undefined || option.available < quantity) throw new Error(`option ${optionId} is short: a floor refuses nobody`);
      option.reserved += type === 'ReserveStock' ? quantity : -quantity;
      if (type === 'ReserveStock') {
        option.available -= quantity;
        reserved.push([orderId, optionId, quantity, 'RESERVED']);
        return 'StockReserved';
      }
      option.sold += quantity;
      committed.push(orderId);
      movements.push([optionId, -quantity, orderId]);
      return 'StockCommitted';
    });
    const after = rows.map((row) => [row.optionId, row.price, row.available, row.reserved, row.sold]);
    const values = 'ON DUPLICATE KEY UPDATE available = VALUES(available), reserved = VALUES(reserved), sold = VALUES(sold)';
    return {
      types,
      write: ({ insert, execute }) => [
        insert('stock', after, values),
        insert('reservations', reserved),
        insert('movements (option_id, units, order_id)', movements),
        ...(committed.length === 0 ? [] : [execute(COMMIT_RESERVATIONS, [committed])]),
      ],
    };
  });
};

const DISCOUNT = 100;

export const coupon = async (setting: FloorSetting, db: Database): Promise<void> => {
  await serveLines<string[], number[]>(setting.ports.coupon, async (couponIds) => couponIds.map(() => DISCOUNT));
  await participate(setting, db, 'coupon', async (tx, commands) => {
    await tx.query('SELECT status FROM coupons WHERE id IN (?) FOR UPDATE', [unique(commands.map(({ couponId }) => couponId))]);
    const after = commands.map(({ type, couponId, orderId }) => [couponId, type === 'HoldCoupon' ? 'HELD' : 'USED', orderId]);
    const values = 'ON DUPLICATE KEY UPDATE status = VALUES(status), order_id = VALUES(order_id)';
    return {
      types: commands.map(({ type }) => (type === 'HoldCoupon' ? 'CouponHeld' : 'CouponUsed')),
      write: ({ insert }) => [insert('coupons', after, values)],
    };
  });
};
