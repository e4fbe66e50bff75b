import { fileURLToPath } from 'node:url';
import { type Bus, openBus, openOutbox, type Outbox } from '@jumun/messaging';
import { topicNames, topics, wallet } from '@jumun/protos';
import { createLogger, type Database, newId } from '@jumun/service-kit';
import { freshDatabase, freshPrefix, infrastructure } from '@jumun/testkit';
import { type ChargeWallet, openCharging } from '../src/charge/charge.ts';
import { seedUsers } from '../src/seed.ts';

export const migrations = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
export const logger = createLogger('wallet', 'silent');
export const RULES = { unit: 1_000, limit: 1_000_000, balanceLimit: 10_000_000 };

/** A wallet of its own: schema, topics and what the service opens over them. */
export interface Purse {
  readonly url: string;
  readonly db: Database;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly topicPrefix: string;
  readonly charge: ChargeWallet;
  /** A user who holds so much, in won. */
  readonly userWith: (balance: number) => Promise<string>;
  readonly balanceOf: (userId: string) => Promise<number>;
  close(): Promise<void>;
}

export const openPurse = async (): Promise<Purse> => {
  const database = await freshDatabase(migrations);
  const { url, db } = database;
  const { kafkaBrokers } = await infrastructure();
  const topicPrefix = freshPrefix();
  const bus = openBus({ brokers: kafkaBrokers, clientId: 'wallet', topicPrefix, logger });
  await bus.createTopics(topics.filter(({ name }) => /wallet|replies/.test(name)));
  const outbox = openOutbox({ db, bus, logger });
  return {
    url,
    db,
    bus,
    outbox,
    topicPrefix,
    charge: openCharging({ db, outbox, rules: RULES, limits: { batchSizeMax: 200, queueMax: 2_000 } }),
    userWith: async (balance) => (await seedUsers(url, 1, balance))[0] as string,
    balanceOf: async (userId) => {
      const [row] = await db.query<{ balance: number }>('SELECT balance FROM wallets WHERE user_id = ?', [userId]);
      return row?.balance ?? 0;
    },
    close: async () => {
      await outbox.stop();
      await bus.close();
      await database.drop();
    },
  };
};

interface Charge {
  readonly amount?: number;
  readonly key?: string;
  readonly fingerprint?: string;
}

export const chargeRequest = (
  userId: string,
  { amount = 1_000, key = newId(), fingerprint = 'f'.repeat(64) }: Charge = {},
): wallet.ChargeWalletRequest =>
  wallet.ChargeWalletRequest.fromPartial({
    idempotency: { caller: userId, route: 'POST /v1/wallet/charges', key, fingerprint },
    userId,
    amount,
  });

/** Wallets whose rows contradict each other: balance and version against the sum and the number of their entries, and the last of them. */
export const brokenBooks = ({ db }: Pick<Purse, 'db'>): Promise<unknown[]> =>
  db.query(`
    SELECT w.user_id AS userId, w.balance, w.version, l.total, l.entries
      FROM wallets w
      LEFT JOIN (SELECT user_id, SUM(amount) AS total, COUNT(*) AS entries, MAX(version) AS last FROM ledger GROUP BY user_id) l ON l.user_id = w.user_id
      LEFT JOIN ledger e ON e.user_id = w.user_id AND e.version = w.version
     WHERE w.balance <> COALESCE(l.total, 0) OR w.version <> COALESCE(l.entries, 0) OR w.version <> COALESCE(l.last, 0)
        OR w.balance <> COALESCE(e.balance_after, 0)`);

/** Fails when a wallet's rows contradict each other. */
export const auditBooks = async (purse: Pick<Purse, 'db'>): Promise<void> => {
  const broken = await brokenBooks(purse);
  if (broken.length > 0) throw new Error(`the books do not agree: ${JSON.stringify(broken)}`);
};

/** What a table keeps of a user. */
export const rowsOf = ({ db }: Pick<Purse, 'db'>, table: 'idempotency' | 'outbox' | 'ledger', userId: string): Promise<unknown[]> =>
  db.query(`SELECT * FROM ${table} WHERE ${{ idempotency: 'caller', outbox: 'message_key', ledger: 'user_id' }[table]} = ?`, [userId]);

/** A debit as a saga sends it. */
export const debitCommand = (userId: string, amount: number, orderId = newId(), attempt = 1) => ({
  topic: topicNames.walletCommands,
  key: userId,
  id: `${orderId}/pay/${attempt}`,
  payload: wallet.DebitWallet.fromPartial({ orderId, userId, amount }),
  issuedAt: new Date(),
});
