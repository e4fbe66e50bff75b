import { OptimisticConflict } from '@jumun/messaging';
import { newId, type Tx } from '@jumun/service-kit';
import type { Wallet } from '../wallet.ts';

export type EntryType = 'CHARGE' | 'PAYMENT' | 'REFUND';

/** A change of a balance and what it is for. `causeId` and type together happen once, ever. */
export interface Entry {
  readonly id: string;
  readonly userId: string;
  readonly type: EntryType;
  /** Won, signed. */
  readonly amount: number;
  readonly causeId: string;
  readonly orderId: string | null;
}

const READ = 'SELECT user_id AS userId, balance, version FROM wallets WHERE user_id IN (?) ORDER BY user_id';

/** Writes each wallet of a batch if nobody wrote it since it was read. Matched rows fewer than given: somebody did. */
export const UPDATE_WALLETS = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(36) CHARACTER SET ascii PATH '$[0]', was BIGINT PATH '$[1]', balance BIGINT PATH '$[2]', version BIGINT PATH '$[3]')) j
  STRAIGHT_JOIN wallets w FORCE INDEX (PRIMARY) ON w.user_id = j.id AND w.version = j.was
     SET w.balance = j.balance, w.version = j.version, w.updated_at = UTC_TIMESTAMP(3)`;

export const INSERT_ENTRIES = `
  INSERT INTO ledger (id, user_id, version, type, amount, balance_after, cause_id, order_id, created_at)
  SELECT j.id, j.user_id, j.version, j.type, j.amount, j.balance_after, j.cause_id, j.order_id, ?
    FROM JSON_TABLE(?, '$[*]' COLUMNS (
           id CHAR(36) CHARACTER SET ascii PATH '$[0]', user_id CHAR(36) CHARACTER SET ascii PATH '$[1]', version BIGINT PATH '$[2]',
           type VARCHAR(16) CHARACTER SET ascii PATH '$[3]', amount BIGINT PATH '$[4]', balance_after BIGINT PATH '$[5]',
           cause_id VARCHAR(64) CHARACTER SET ascii PATH '$[6]', order_id CHAR(36) CHARACTER SET ascii PATH '$[7]')) j`;

interface Row extends Wallet {
  readonly userId: string;
}

/** The wallets that a batch touches: read once, changed in memory in the order of the commands, written with one statement a table. */
export class Wallets {
  /** When the batch was read: the time of every entry in it. */
  readonly at = new Date();
  readonly #read = new Map<string, Wallet>();
  readonly #now = new Map<string, Wallet>();
  readonly #entries: unknown[][] = [];

  private constructor(rows: readonly Row[]) {
    for (const { userId, balance, version } of rows) {
      this.#read.set(userId, { balance, version });
      this.#now.set(userId, { balance, version });
    }
  }

  /** `lock` takes the rows, in the order of their key, until the transaction ends. */
  static async load(tx: Tx, userIds: readonly string[], { lock }: { lock: boolean }): Promise<Wallets> {
    return new Wallets(await tx.query<Row>(lock ? `${READ} FOR UPDATE` : READ, [[...new Set(userIds)].sort()]));
  }

  find(userId: string): Wallet | undefined {
    return this.#now.get(userId);
  }

  /** Adds an entry and returns the wallet after it. The caller has decided that the balance allows it. */
  record({ id, userId, type, amount, causeId, orderId }: Entry): Wallet {
    const before = this.#now.get(userId);
    if (before === undefined) throw new Error(`wallet ${userId} was not loaded`);
    const after = { balance: before.balance + amount, version: before.version + 1 };
    this.#now.set(userId, after);
    this.#entries.push([id, userId, after.version, type, amount, after.balance, causeId, orderId]);
    return after;
  }

  /** Writes what changed. Throws `OptimisticConflict`, having written nothing, when a rival was faster. */
  async save(tx: Tx): Promise<void> {
    if (this.#entries.length === 0) return;
    const changed = [...this.#now]
      .filter(([userId, wallet]) => wallet.version !== this.#read.get(userId)?.version)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const wallets = changed.map(([userId, { balance, version }]) => [userId, this.#read.get(userId)?.version, balance, version]);
    const { affectedRows } = await tx.execute(UPDATE_WALLETS, [JSON.stringify(wallets)]);
    if (affectedRows !== wallets.length)
      throw new OptimisticConflict(`${wallets.length - affectedRows} of ${wallets.length} wallets have changed meanwhile`);
    await tx.execute(INSERT_ENTRIES, [this.at, JSON.stringify(this.#entries)]);
  }
}

/** An id for an entry whose cause has one of its own. */
export const newEntryId = newId;
