import type { Tx } from '@jumun/service-kit';

/** A row of the inbox. `reply` is set with the commit of the claim. */
export interface InboxRow {
  readonly id: string;
  readonly claim: string;
  readonly fingerprint: string | null;
  readonly replyType: string | null;
  readonly reply: string | null;
}

/** An id to be claimed; a fingerprint is known of commands, not of the do that an undo claims ahead. */
export type Claim = readonly [id: string, fingerprint: string | null];
export type StoredReply = readonly [id: string, type: string, json: string];

/**
 * Claims ids in their order, so that rivals wait for each other instead of deadlocking. Affected rows prove nothing about which are new
 * (the driver counts matches), and INSERT IGNORE would hide truncation: the token tells which are ours.
 */
export const CLAIM = `
  INSERT INTO inbox (id, claim, fingerprint)
  SELECT j.id, ?, j.fp
    FROM JSON_TABLE(?, '$[*]' COLUMNS (
           id VARCHAR(64) CHARACTER SET ascii PATH '$[0]',
           fp CHAR(64) CHARACTER SET ascii PATH '$[1]')) j
   ORDER BY j.id
      ON DUPLICATE KEY UPDATE id = inbox.id`;

export const READ_CLAIMS = `
  SELECT id, claim, fingerprint, reply_type AS replyType, reply
    FROM inbox FORCE INDEX (PRIMARY) WHERE id IN (?) ORDER BY id FOR UPDATE`;

/** Without join order and index it would scan a small inbox whole, and wait for rows that are none of ours. */
export const STORE_REPLIES = `
  UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
           id VARCHAR(64) CHARACTER SET ascii PATH '$[0]',
           type VARCHAR(100) CHARACTER SET ascii PATH '$[1]',
           reply TEXT CHARACTER SET utf8mb4 PATH '$[2]')) j
  STRAIGHT_JOIN inbox i FORCE INDEX (PRIMARY) ON i.id = j.id
     SET i.reply_type = j.type, i.reply = j.reply`;

/** Goes out at once; ids sorted and without repetition. */
export const claimIds = (tx: Tx, token: string, claims: readonly Claim[]): Promise<unknown> =>
  tx.execute(CLAIM, [token, JSON.stringify(claims)]);

export const readClaims = (tx: Tx, ids: readonly string[]): Promise<InboxRow[]> => tx.query<InboxRow>(READ_CLAIMS, [ids]);

export const storeReplies = async (tx: Tx, replies: readonly StoredReply[]): Promise<void> => {
  const sorted = replies.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const { affectedRows } = await tx.execute(STORE_REPLIES, [JSON.stringify(sorted)]);
  if (affectedRows !== replies.length) throw new Error(`${replies.length} replies met ${affectedRows} rows of the inbox`);
};
