import { type Progress, hasEnded, stuckOf } from './progress.ts';
import type { StoredSaga } from './store.ts';

/** Sagas as they were committed, so that they can be moved on without being read. Nothing in here is ever believed: the write proves it. */
export interface Remembered {
  /** Call it after the commit only. One that has ended, waits or is parked is forgotten: no answer to it is on its way. */
  keep(saga: StoredSaga): void;
  /** Takes it out, for one try: whatever becomes of that, the next one finds nothing, unless `keep` has brought what was committed. */
  take(id: string): StoredSaga | undefined;
}

const isUnderWay = (progress: Progress): boolean => !hasEnded(progress) && progress.phase !== 'waiting' && stuckOf(progress) === null;

/** Two generations of `countMax`: those that others have taken over are dropped as a whole when the younger is full. */
export const remembered = (countMax: number): Remembered => {
  let young = new Map<string, StoredSaga>();
  let old = new Map<string, StoredSaga>();
  const take = (id: string): StoredSaga | undefined => {
    const saga = young.get(id) ?? old.get(id);
    if (saga !== undefined && !young.delete(id)) old.delete(id);
    return saga;
  };
  return {
    take,
    keep: (saga) => {
      const known = take(saga.id);
      // Of two transactions the one that was committed first may be the last to hear of it.
      const latest = known !== undefined && known.rowVersion > saga.rowVersion ? known : saga;
      if (!isUnderWay(latest.progress)) return;
      if (young.size >= countMax) {
        old = young;
        young = new Map();
      }
      young.set(saga.id, latest);
    },
  };
};
