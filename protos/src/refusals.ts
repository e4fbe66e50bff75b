import { Refusal } from './generated/jumun/refusals/v1/refusals.ts';
import type { DeepPartial } from './generated/typeRegistry.ts';

type Kind = NonNullable<Refusal['kind']>;
export type RefusalKind = Kind['$case'];
type DataOf<K extends RefusalKind> = Extract<Kind, { $case: K }> extends infer V ? (K extends keyof V ? V[K] : never) : never;

/** A refusal by name, with its own data: `refusal('outOfStock', { shortages })`. */
export const refusal = <K extends RefusalKind>(kind: K, data?: DeepPartial<DataOf<K>>): Refusal =>
  Refusal.fromPartial({ kind: { $case: kind, [kind]: data ?? {} } } as unknown as DeepPartial<Refusal>);

/** The code of a refusal in the public API: its name in UPPER_SNAKE_CASE. */
export const refusalCode = (kind: string): string => kind.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** A refusal as the public API shows it: `{ code, ...data }`. */
export const refusalData = (from: Refusal): { code: string } & Record<string, unknown> => {
  if (from.kind === undefined) return { code: 'INTERNAL' };
  const json = Refusal.toJSON(from) as Record<string, Record<string, unknown>>;
  return { code: refusalCode(from.kind.$case), ...json[from.kind.$case] };
};

/** Of a list whose `cursor` none of its pages has given. */
export const badCursor: Refusal = refusal('invalidRequest', {
  errors: [{ path: '?cursor', message: 'is not a cursor that this list has given' }],
});

/** Of a call whose idempotency key stands for another body, which was carried out before or is on its way. */
export const keyRefusals = { reused: refusal('idempotencyKeyReused'), inProgress: refusal('idempotencyInProgress') } as const;
