/** How long a client wants to wait for an order's end. */
export interface WaitPreference {
  /** In ms. */
  readonly waitMs: number;
  /** `Preference-Applied`; undefined when the client had no preference. */
  readonly applied: string | undefined;
}

const WAIT_DEFAULT_S = 5;
/** Longer waits hold connections for little: the order ends by itself, and can be asked for. */
const WAIT_MAX_S = 30;

/** Of a preference given twice the first counts (RFC 7240, section 2). */
const preferencesIn = (header: string): Map<string, string> => {
  const preferences = new Map<string, string>();
  for (const part of header.split(',')) {
    const [preference = ''] = part.split(';');
    const [name = '', value = ''] = preference.split('=').map((text) => text.trim());
    const key = name.toLowerCase();
    if (key !== '' && !preferences.has(key)) preferences.set(key, value.replace(/^"(.*)"$/, '$1'));
  }
  return preferences;
};

/**
 * `wait=N` waits up to N seconds (30 at most), `respond-async` does not wait; with both, the wait comes first (RFC 7240, section 4.3).
 * What cannot be read is passed over, as that RFC wants it.
 */
export const waitPreference = (header: string | undefined): WaitPreference => {
  if (header === undefined) return { waitMs: WAIT_DEFAULT_S * 1000, applied: undefined };
  const preferences = preferencesIn(header);
  const wanted = preferences.get('wait');
  const async = preferences.has('respond-async');
  if (wanted !== undefined && /^\d{1,9}$/.test(wanted)) {
    const waitS = Math.min(Number(wanted), WAIT_MAX_S);
    return { waitMs: waitS * 1000, applied: `${async ? 'respond-async, ' : ''}wait=${waitS}` };
  }
  if (async) return { waitMs: 0, applied: 'respond-async' };
  return { waitMs: WAIT_DEFAULT_S * 1000, applied: undefined };
};
