import { TwoGenerations } from '@jumun/service-kit';

/** Sagas in a generation: seconds of orders at the limit, far longer than a saga takes that meets no trouble. */
const GENERATION_MAX = 20_000;

/** To which trace a saga's messages belong. Kept in memory only: after a crash or on another instance the replies bring it along. */
export interface Traces {
  keep(sagaId: string, traceparent: string | undefined): void;
  of(sagaId: string): string | undefined;
}

export const openTraces = (): Traces => {
  const kept = new TwoGenerations<string, string>(GENERATION_MAX);
  return {
    keep: (sagaId, traceparent) => {
      if (traceparent === undefined || traceparent === '' || kept.get(sagaId) !== undefined) return;
      kept.set(sagaId, traceparent);
    },
    of: (sagaId) => kept.get(sagaId),
  };
};
