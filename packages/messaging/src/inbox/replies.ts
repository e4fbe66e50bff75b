import { common, messageTypeRegistry, type UnknownMessage } from '@jumun/protos';
import type { InboxRow, StoredReply } from './claims.ts';

/** What a TEXT column takes; what is longer would become NULL on its way through JSON_TABLE. */
const REPLY_BYTES_MAX = 65_535;
const REASON_CHARS_MAX = 500;

export const storedReply = (id: string, reply: UnknownMessage): StoredReply => {
  const codec = messageTypeRegistry.get(reply.$type);
  if (codec === undefined) throw new Error(`no codec for the reply ${reply.$type}`);
  const json = JSON.stringify(codec.toJSON(reply));
  if (json.length * 3 > REPLY_BYTES_MAX && Buffer.byteLength(json) > REPLY_BYTES_MAX) throw new Error(`the reply to ${id} is too long`);
  return [id, reply.$type, json];
};

/** The reply that was given before. */
export const replyOf = ({ id, replyType, reply }: InboxRow): UnknownMessage => {
  const codec = messageTypeRegistry.get(replyType ?? '');
  if (codec === undefined || reply === null) throw new Error(`command ${id} was claimed and never answered`);
  return codec.fromJSON(JSON.parse(reply));
};

export const undone = (): UnknownMessage => common.Undone.fromPartial({});

export const commandFailed = (error: unknown): UnknownMessage => {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return common.CommandFailed.fromPartial({ reason: reason.slice(0, REASON_CHARS_MAX) });
};
