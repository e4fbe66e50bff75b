import { refusalCode, type refusals } from '@jumun/protos';
import type { SagaChange } from '@jumun/saga';
import { Counter, type Database, Gauge, Histogram, registry } from '@jumun/service-kit';
import { countByState } from './store/saga-counts.ts';

const registers = [registry];
const buckets = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60];

const stepSeconds = new Histogram({
  name: 'jumun_saga_step_seconds',
  help: 'Time from the first ask of a step to the answer that counted.',
  labelNames: ['step', 'reply'],
  buckets,
  registers,
});

const sagaSeconds = new Histogram({
  name: 'jumun_saga_seconds',
  help: 'Time from acceptance to the end of a saga.',
  labelNames: ['outcome'],
  buckets,
  registers,
});

const repeated = new Counter({
  name: 'jumun_saga_asked_again_total',
  help: 'Commands that were sent again after silence.',
  labelNames: ['step'],
  registers,
});

const immovable = new Counter({
  name: 'jumun_saga_immovable_total',
  help: 'Sagas of which a sweep could make nothing, counted by each sweep that comes upon them: a person has to look.',
  registers,
});

const ordersRefused = new Counter({
  name: 'jumun_orders_refused_total',
  help: 'Orders that were refused before anything was written.',
  labelNames: ['code'],
  registers,
});

export const refusedOrder = ({ kind }: refusals.Refusal): void => ordersRefused.inc({ code: refusalCode(kind?.$case ?? 'internal') });

export const immovableSagas = (sagas: number): void => immovable.inc(sagas);

/** Measures what a batch of changes did. */
export const observeChanges = (changes: readonly SagaChange[]): void => {
  for (const { timeline, end, after } of changes) {
    for (const { kind, step = '', ms = 0, reply = '' } of timeline)
      if (kind === 'answered' || kind === 'undone') stepSeconds.observe({ step, reply }, ms / 1_000);
      else if (kind === 'asked-again' || kind === 'undo-asked-again') repeated.inc({ step });
    const { createdAt } = after.data as { createdAt?: number };
    if (end !== null && createdAt !== undefined) sagaSeconds.observe({ outcome: end.outcome }, (end.endedAt - createdAt) / 1_000);
  }
};

const STATES = ['running', 'event_unsent', 'stuck'];

/** How many sagas there are by state, counted when somebody asks. Every instance reports the same figures, of all of them. */
export const countSagas = (db: Pick<Database, 'query'>): void => {
  const sagas: Gauge = new Gauge({
    name: 'jumun_sagas',
    help: 'Sagas that have not ended (running; stuck: a person has to look), and ended ones whose event is not known to be out.',
    labelNames: ['state'],
    registers,
    collect: async () => {
      try {
        const counted = await countByState(db);
        for (const state of STATES) {
          const rows = counted.filter((row) => row.state === state);
          sagas.set(
            { state },
            rows.reduce((sum, row) => sum + row.sagas, 0),
          );
        }
      } catch {
        sagas.reset(); // nothing is said while the database is away; /readyz says why
      }
    },
  });
};
