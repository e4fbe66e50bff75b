/** Sagas in a generation: seconds of orders at the limit, far longer than a saga takes that meets no trouble. */
const GENERATION_MAX = 20_000;

/** To which trace a saga's messages belong. Kept in memory only: after a crash or on another instance the replies bring it along. */
export interface Traces {
  keep(sagaId: string, traceparent: string | undefined): void;
  of(sagaId: string): string | undefined;
}

/** Two generations: the elder is dropped as a whole when the younger is full, so nothing has to be forgotten one by one. */
export const openTraces = (generationMax = GENERATION_MAX): Traces => {
  let young = new Map<string, string>();
  let old = new Map<string, string>();
  return {
    keep: (sagaId, traceparent) => {
      if (traceparent === undefined || traceparent === '' || young.has(sagaId)) return;
      if (young.size >= generationMax) {
        old = young;
        young = new Map();
      }
      young.set(sagaId, traceparent);
    },
    of: (sagaId) => young.get(sagaId) ?? old.get(sagaId),
  };
};
