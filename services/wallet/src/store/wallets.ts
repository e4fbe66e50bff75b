import { OptimisticConflict } from '@jumun/messaging';
import { canBeId, type Tx } from '@jumun/service-kit';
import type { Wallet } from '../wallet.ts';
import type { EntryType } from './ledger.ts';
import { ENTRIES, LOCK_WALLETS, READ_WALLETS, UPDATE_WALLETS } from './statements.ts';

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

interface Row extends Wallet {
  readonly userId: string;
}

/** The wallets that a batch touches: read once, changed in memory in the order of the commands, written with one statement per table. */
export class Wallets {
  /** When the batch was read: the time of every entry in it. */
  readonly at = new Date();
  readonly #locked: boolean;
  readonly #read = new Map<string, Wallet>();
  readonly #now = new Map<string, Wallet>();
  readonly #entries: unknown[][] = [];

  private constructor(rows: readonly Row[], locked: boolean) {
    this.#locked = locked;
    for (const { userId, balance, version } of rows) {
      this.#read.set(userId, { balance, version });
      this.#now.set(userId, { balance, version });
    }
  }

  /** `lock` takes the rows, in the order of their key, until the transaction ends. */
  static async load(tx: Tx, userIds: readonly string[], { lock }: { lock: boolean }): Promise<Wallets> {
    const ids = [...new Set(userIds)].filter(canBeId).sort();
    return new Wallets(ids.length === 0 ? [] : await tx.query<Row>(lock ? LOCK_WALLETS : READ_WALLETS, [ids]), lock);
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
    this.#entries.push([id, userId, after.version, type, amount, after.balance, causeId, orderId, this.at]);
    return after;
  }

  /**
   * Writes what changed. Throws `OptimisticConflict` when a rival was faster; the ledger is not touched before that is known, since a
   * failed statement could not be taken back to a savepoint. Locked rows have no rival: then both statements go out together.
   */
  async save(tx: Tx): Promise<void> {
    if (this.#entries.length === 0) return;
    const changed: [string, number, number, number][] = [];
    for (const [userId, { balance, version }] of this.#now) {
      const was = this.#read.get(userId)?.version as number;
      if (version !== was) changed.push([userId, was, balance, version]);
    }
    changed.sort(([a], [b]) => (a < b ? -1 : 1));
    const insert = (): Promise<unknown> => tx.insert(ENTRIES, this.#entries);

    const updated = tx.execute(UPDATE_WALLETS, [JSON.stringify(changed)]);
    const inserted = this.#locked ? insert() : undefined;
    const { affectedRows } = await updated;
    if (affectedRows !== changed.length)
      throw new OptimisticConflict(`${changed.length - affectedRows} of ${changed.length} wallets have changed meanwhile`);
    await (inserted ?? insert());
  }
}
