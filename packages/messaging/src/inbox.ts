import { hash } from 'node:crypto';
import { changeRows, claimRows, type Tx } from '@jumun/service-kit';
import { encodePayload } from './codec.ts';
import type { InMessage, Payload } from './message.ts';

/** Claims commands; a rival that has claimed one of them is waited for, and keeps it. The affected rows are those that are ours now. */
export const claimStatement = (
  claims: readonly (readonly [id: string, fingerprint: string | null])[],
  token: string,
): [string, unknown[]] =>
  claimRows(
    'inbox (id, claim, fingerprint)',
    claims.map(([id, fingerprint]) => [id, token, fingerprint]),
  );

/** What others have claimed and answered; the claim keeps their rows from being changed. Read only where not every row has become ours. */
export const READ_OTHERS = `
  SELECT id, fingerprint, reply_type AS replyType, reply FROM inbox WHERE id IN (?) AND claim <> ?`;

export const READ_ANSWERED = 'SELECT id, fingerprint, reply_type AS replyType, reply FROM inbox WHERE id IN (?) AND reply_type IS NOT NULL';

/** A row that another transaction has committed. */
export interface InboxRow {
  readonly id: string;
  /** Null: claimed by the undo of this command. */
  readonly fingerprint: string | null;
  readonly replyType: string | null;
  readonly reply: string | null;
}

/** A reply as it is stored and sent. */
export interface Answer {
  readonly type: string;
  readonly value: Buffer;
}

/** One arrival of a command. The same command may arrive many times. */
export interface Delivery {
  readonly message: InMessage;
  readonly id: string;
  readonly fingerprint: string;
  readonly undoes: string | undefined;
}

/** Longer ids do not fit into the inbox, and are not what sagas make. */
export const COMMAND_ID = /^[\x21-\x7e]{1,64}$/;

export const deliveryOf = (message: InMessage): Delivery => {
  const undoes = message.headers['jumun_undoes'];
  const content = `${message.type}\n${undoes ?? ''}\n${message.raw.value?.toString('latin1') ?? ''}`;
  return { message, id: message.id, undoes, fingerprint: hash('sha256', Buffer.from(content, 'latin1'), 'hex') };
};

export const answerOf = (payload: Payload): Answer => ({ type: payload.$type, value: encodePayload(payload) });

/** The answer that a row holds; undefined when the command was only claimed. */
export const storedAnswer = ({ replyType, reply }: InboxRow): Answer | undefined =>
  replyType === null ? undefined : { type: replyType, value: Buffer.from(reply ?? '', 'base64') };

/** All ids that a batch claims, sorted, with their fingerprints: of the commands and, for each undo, of what it undoes. */
export const claimsOf = (deliveries: readonly Delivery[]): [id: string, fingerprint: string | null][] => {
  const claims = new Map<string, string | null>();
  for (const { id, fingerprint, undoes } of deliveries) {
    claims.set(id, claims.get(id) ?? fingerprint);
    if (undoes !== undefined && !claims.has(undoes)) claims.set(undoes, null);
  }
  return [...claims].sort(([a], [b]) => (a < b ? -1 : 1));
};

/** Stores new answers. Throws when one of their rows is not there: then nothing of this round may stay. */
export const writeReplies = async (tx: Tx, answers: ReadonlyMap<string, Answer>): Promise<void> => {
  const rows = [...answers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, { type, value }]) => [id, '', type, value.toString('base64')]);
  // The rows are there, claimed by this very transaction.
  const onDuplicate = 'ON DUPLICATE KEY UPDATE reply_type = VALUES(reply_type), reply = VALUES(reply)';
  const unchanged = await changeRows(tx, 'inbox (id, claim, reply_type, reply)', rows, onDuplicate);
  if (unchanged !== 0) throw new Error(`${unchanged} of ${rows.length} replies did not change their inbox rows`);
};

/**
 * Stores commands together with their answers, none of which was claimed before. Fails where one of them is there already; while a rival's row
 * of the same id is not committed, waits for how that ends.
 */
export const insertAnswered = async (tx: Tx, deliveries: readonly Delivery[], answers: ReadonlyMap<string, Answer>): Promise<void> => {
  const rows = deliveries.map(({ id, fingerprint }) => {
    const { type, value } = answers.get(id) as Answer;
    return [id, '', fingerprint, type, value.toString('base64')];
  });
  rows.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
  const affected = await tx.insert('inbox (id, claim, fingerprint, reply_type, reply)', rows);
  if (affected !== rows.length) throw new Error(`of ${rows.length} commands ${affected} went into the inbox`);
};
