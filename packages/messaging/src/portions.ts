import type { EncodedMessage } from './message.ts';

/**
 * Most bytes in one request. A broker refuses a batch of one partition above 1,048,588 bytes (`max.message.bytes`) every time, whole, and
 * everything of a request may go to one partition.
 */
export const PORTION_BYTES_MAX = 900_000;

/** Lengths, offset and attributes around a record, and lengths around a header. */
const RECORD_BYTES = 32;
const HEADER_BYTES = 8;
/** Most bytes of a character of a JavaScript string in UTF-8. Counting them costs thirty times as much, and matters only in a crowd. */
const CHARACTER_BYTES_MAX = 3;

const bytesAtMost = (text: string | Buffer | null): number =>
  text === null ? 0 : typeof text === 'string' ? CHARACTER_BYTES_MAX * text.length : text.length;

/** A message takes no more bytes than that in a request. */
const recordBytesAtMost = ({ key, value, headers }: EncodedMessage): number => {
  let bytes = RECORD_BYTES + bytesAtMost(key) + bytesAtMost(value);
  for (const name in headers) bytes += HEADER_BYTES + CHARACTER_BYTES_MAX * name.length + bytesAtMost(headers[name]!);
  return bytes;
};

/** What may be sent at once, in order: all of it as a rule. A message that is too large by itself is alone, so that it harms no other. */
export const portionsOf = (messages: readonly EncodedMessage[]): (readonly EncodedMessage[])[] => {
  const portions: (readonly EncodedMessage[])[] = [];
  let [from, bytes] = [0, 0];
  for (let i = 0; i < messages.length; i++) {
    const more = recordBytesAtMost(messages[i]!);
    if (bytes + more > PORTION_BYTES_MAX && i > from) {
      portions.push(messages.slice(from, i));
      [from, bytes] = [i, 0];
    }
    bytes += more;
  }
  portions.push(from === 0 ? messages : messages.slice(from));
  return portions;
};
