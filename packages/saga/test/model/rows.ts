import { StaleSagaError } from '../../src/index.ts';
import type { Input, Progress, SagaChange, SagaRunner, SagaStore } from '../../src/index.ts';
import type { Trip } from '../trip.ts';
import { check } from './participants.ts';
import type { Random } from './random.ts';
import type { Interpreter, Seen } from './world.ts';

export interface Tx {
  readonly locked: Set<string>;
  readonly writes: SagaChange[];
}

/** An instance has died, or lost its connection: it does not hear whether its transaction was committed. One of each kind: stacks are dear. */
export class Lost extends Error {
  static readonly beforeCommit = new Lost();
  static readonly afterCommit = new Lost();
}

interface Around {
  readonly random: Random;
  readonly seen: Seen;
  readonly fault: Interpreter['memoryFault'];
  readonly now: () => number;
  readonly crashes: () => boolean;
  /** The other instance hears the same, just when this one is about to write. */
  readonly rival: (instance: number, id: string, input: Input) => Promise<void>;
  /** Told within the commit. */
  readonly committed: (change: SagaChange, input: Input) => void;
}

export interface Rows {
  accept(progress: Progress<Trip>): void;
  /** What is committed. */
  read(id: string): Progress<Trip>;
  storeOf(instance: number, runner: () => SagaRunner<Tx>): SagaStore<Tx>;
  /** Runs `work` of an instance that has heard this. */
  hearing<T>(instance: number, input: Input, work: () => Promise<T>): Promise<T>;
}

interface Row {
  readonly stored: string;
  readonly rowVersion: number;
  read?: Progress<Trip>;
}
const rowOf = (progress: Progress, rowVersion: number): Row => ({ stored: JSON.stringify(progress), rowVersion });
/** Parsed once: nobody changes progress in place, which the driver of the other tests checks. */
const parsed = (row: Row): Progress<Trip> => (row.read ??= JSON.parse(row.stored) as Progress<Trip>);

/** How far the clock that is remembered may be behind that of the database. */
const LAG_MS_MAX = 50;

/** The table of sagas under both instances: one transaction after the other, save that a rival may come before a write to what is not locked. */
export const openRows = ({ random, seen, fault, now, crashes, rival, committed }: Around): Rows => {
  const rows = new Map<string, Row>();
  const heard: (Input | undefined)[] = [];

  const commit = ({ locked, writes }: Tx, input: Input): void => {
    for (const change of writes) {
      const row = rows.get(change.id)!;
      check(locked.has(change.id) || row.stored === JSON.stringify(change.before), `${change.id} was moved on from where it did not stand`);
      rows.set(change.id, rowOf(change.after, row.rowVersion + 1));
      committed(change, input);
    }
  };

  return {
    accept: (progress) => void rows.set(progress.id, rowOf(progress, 1)),
    read: (id) => parsed(rows.get(id)!),
    hearing: async (instance, input, work) => {
      const former = heard[instance];
      heard[instance] = input;
      try {
        return await work();
      } finally {
        heard[instance] = former;
      }
    },
    storeOf: (instance, runner) => ({
      transaction: async (work) => {
        const tx: Tx = { locked: new Set(), writes: [] };
        const result = await work(tx);
        if (crashes()) throw Lost.beforeCommit;
        if (tx.writes.some(({ id }) => !tx.locked.has(id))) seen.remembered++;
        commit(tx, heard[instance]!);
        if (crashes()) throw Lost.afterCommit;
        return result;
      },
      lock: (tx, ids) => {
        const sagas = ids.map((id) => {
          tx.locked.add(id);
          const row = rows.get(id)!;
          return { id, rowVersion: row.rowVersion, progress: parsed(row) };
        });
        return Promise.resolve({ sagas, now: now() });
      },
      now: () => Promise.resolve(now() - random.between(0, LAG_MS_MAX)),
      save: async (tx, changes) => {
        for (const change of changes) {
          const { id, rowVersion, after } = change;
          if (!tx.locked.has(id) && random.chance(0.1)) await rival(instance, id, heard[instance]!);
          if (fault !== 'versions are not checked' && rows.get(id)!.rowVersion !== rowVersion) {
            check(!tx.locked.has(id), `${id} was locked, and moved by another`);
            seen.outrun++;
            throw new StaleSagaError(id);
          }
          tx.writes.push(change);
          if (fault === 'kept before the commit')
            await runner().publish({
              results: [],
              changes: [],
              messages: [],
              sagas: [{ id, rowVersion: rowVersion + 1, progress: after }],
            });
        }
      },
      due: () => Promise.resolve([]),
    }),
  };
};
