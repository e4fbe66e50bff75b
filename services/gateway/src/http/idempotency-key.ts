/** What a call said in `Idempotency-Key`: a key, nothing, or something that cannot be a key. */
export type IdempotencyKeyHeader = { readonly key: string } | { readonly missing: true } | { readonly mistake: string };

const PRINTABLE = /^[\x20-\x7e]*$/;
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;
const KEY_LENGTH_MAX = 255;

/**
 * The key in a header's value, which `count` headers made up (Node joins several by commas). `abc` and `"abc"` are one key: the draft
 * (draft-ietf-httpapi-idempotency-key-header) has structured strings, most clients send the bare form.
 */
export const parseIdempotencyKey = (value: string | undefined, count = 1): IdempotencyKeyHeader => {
  if (value === undefined) return { missing: true };
  if (count > 1) return { mistake: 'is given more than once' };
  if (!PRINTABLE.test(value)) return { mistake: 'must consist of printable ASCII characters' };
  const quoted = QUOTED.exec(value)?.[1];
  if (quoted === undefined && value.startsWith('"')) return { mistake: 'begins with a quote that does not end' };
  const key = quoted === undefined ? value : quoted.replace(/\\(.)/g, '$1');
  // Columns compare without the spaces at the end, and headers lose them on their way unless they are quoted: such keys would not stay apart.
  if (key !== key.trim()) return { mistake: 'must not begin or end with a space' };
  if (key === '' || key.length > KEY_LENGTH_MAX) return { mistake: `must have 1 to ${KEY_LENGTH_MAX} characters` };
  return { key };
};
