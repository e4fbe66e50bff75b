import type { UnknownMessage } from '@jumun/protos';
import { faultPoint, newId, type Tx } from '@jumun/service-kit';
import { type Claim, claimIds, type InboxRow, readClaims, storeReplies } from './claims.ts';
import type { Command } from './deliveries.ts';
import { OptimisticConflict, type Participant } from './participant.ts';
import { commandFailed, storedReply } from './replies.ts';
import { judge, type Judgement, type Verdict } from './verdicts.ts';

/** The ids to claim, sorted: of commands, and of the dos that undos undo, so that their order of arrival never matters. */
const claimsOf = (commands: readonly Command[]): readonly Claim[] => {
  const claims = new Map<string, string | null>();
  for (const { message, isStale } of commands) if (!isStale) claims.set(message.id, message.fingerprint);
  for (const { message, isStale } of commands)
    if (!isStale && message.undoes !== undefined && !claims.has(message.undoes)) claims.set(message.undoes, null);
  return [...claims].sort(([a], [b]) => (a < b ? -1 : 1));
};

const idsOf = (claims: readonly Claim[], commands: readonly Command[]): readonly string[] => {
  const ids = new Set(claims.map(([id]) => id));
  for (const { message } of commands) ids.add(message.id);
  return [...ids].sort();
};

const byId = (rows: readonly InboxRow[]): ReadonlyMap<string, InboxRow> => new Map(rows.map((row) => [row.id, row]));

const write = async <State, C extends UnknownMessage, R extends UnknownMessage>(
  tx: Tx,
  { save }: Participant<State, C, R>,
  state: State,
  { replies, isDecided }: Judgement,
): Promise<void> => {
  if (!isDecided) return;
  const stored = Array.from(replies, ([id, reply]) => storedReply(id, reply));
  // Sent together. Both are waited for, so that a conflict is not hidden by what followed from it.
  const [saved, kept] = await Promise.allSettled([save(tx, state), storeReplies(tx, stored)]);
  if (saved.status === 'rejected') throw saved.reason;
  if (kept.status === 'rejected') throw kept.reason;
};

/**
 * One transaction of a participant: claim, lock, decide, write. The caller commits. Three round trips: everything that is known before
 * goes out together, then all writes, then COMMIT.
 */
export const playRound = async <State, C extends UnknownMessage, R extends UnknownMessage>(
  tx: Tx,
  participant: Participant<State, C, R>,
  commands: readonly Command[],
): Promise<readonly Verdict[]> => {
  const token = newId(); // fresh for each try: what an earlier one claimed was rolled back
  const claims = claimsOf(commands);
  const payloads = commands.filter(({ isStale }) => !isStale).map(({ message }) => message.payload as C);
  const { optimistic = false } = participant;

  const [, rows, , state] = await Promise.all([
    claims.length > 0 ? claimIds(tx, token, claims) : undefined,
    readClaims(tx, idsOf(claims, commands)),
    optimistic ? tx.execute('SAVEPOINT claimed') : undefined,
    payloads.length > 0 ? participant.load(tx, payloads, { lock: !optimistic }) : undefined,
  ]);
  await faultPoint('inbox:claimed-not-decided');
  // Without payloads nothing is decided, so the missing state is never looked at.
  let judgement = judge(participant, state as State, commands, byId(rows), token);
  try {
    await write(tx, participant, state as State, judgement);
  } catch (error) {
    if (!optimistic || !(error instanceof OptimisticConflict)) throw error;
    const [, locked] = await Promise.all([tx.execute('ROLLBACK TO SAVEPOINT claimed'), participant.load(tx, payloads, { lock: true })]);
    judgement = judge(participant, locked, commands, byId(rows), token);
    await write(tx, participant, locked, judgement);
  }
  await faultPoint('inbox:written-not-committed');
  return judgement.verdicts;
};

/**
 * A command that no transaction can carry out: its `CommandFailed` is stored in the transaction in which `bury` writes its dead letter.
 * If COMMIT fails, the letter is written twice; it is never missing.
 */
export const condemn = async (tx: Tx, command: Command, error: unknown, bury: () => Promise<void>): Promise<Verdict> => {
  const token = newId();
  const { id, fingerprint } = command.message;
  const [, rows] = await Promise.all([claimIds(tx, token, [[id, fingerprint]]), readClaims(tx, [id])]);
  const reply = commandFailed(error);
  const row = rows[0];
  // Claimed by somebody without an answer cannot be; if it is, an answer is what it needs.
  if (row !== undefined && row.claim !== token && row.reply !== null) {
    const { verdicts } = judge(NOTHING, undefined, [command], byId(rows), token);
    return verdicts[0]!;
  }
  await storeReplies(tx, [storedReply(id, reply)]);
  await bury();
  return { command, kind: 'decided', reply };
};

const NOTHING: Participant<undefined, UnknownMessage, UnknownMessage> = {
  load: () => Promise.resolve(undefined),
  decide: {},
  save: () => Promise.resolve(),
};
