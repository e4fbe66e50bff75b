import { randomFillSync } from 'node:crypto';

// Random bytes are drawn in blocks: one call of the generator per 512 ids instead of one per id.
const block = Buffer.allocUnsafe(8 * 512);
let used = block.length;
let lastMs = 0;
let sequence = 0;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/**
 * A UUIDv7 (RFC 9562) as text: sorts by time of creation, so that rows are appended to an index instead of scattered over it.
 * Ids of one process rise strictly: the 12 bits after the version count within a millisecond and run ahead of the clock when they are used up.
 */
export const newId = (): string => {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    sequence = 0;
  } else if (++sequence > 0xfff) {
    lastMs += 1;
    sequence = 0;
  }
  if (used === block.length) {
    randomFillSync(block);
    used = 0;
  }
  const high = block.readUInt32BE(used);
  const low = block.readUInt32BE(used + 4);
  used += 8;
  const time = hex(lastMs, 12);
  const variant = 0x8000 | ((high >>> 16) & 0x3fff);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(sequence, 3)}-${hex(variant, 4)}-${hex(high & 0xffff, 4)}${hex(low, 8)}`;
};

const ID = /^[\x21-\x7e]{36}$/;

/** Whether a text can be an id at all. What cannot must not reach a statement: cut to a column's width it might name something else. */
export const canBeId = (text: string): boolean => ID.test(text);
