import type { OutMessage } from '@jumun/messaging';
import { type Message, type Pace, type SagaChange, type SagaRunner, sagaRunner } from '@jumun/saga';
import { type Database, isTransient, type Logger, traceIdOf, type Tx } from '@jumun/service-kit';
import { observeChanges } from '../metrics.ts';
import type { FinalEvent } from '../order-message.ts';
import { definitions, statusOf } from '../place-order.ts';
import { sagaStore } from '../store/saga-store.ts';
import type { Waiters } from '../wait/waiters.ts';
import type { Events } from './events.ts';
import type { Post } from './post.ts';
import type { Traces } from './traces.ts';

interface Parts {
  readonly db: Database;
  readonly post: Post;
  readonly toMessages: (messages: readonly Message[]) => OutMessage[];
  readonly events: Events;
  readonly waiters: Waiters;
  readonly traces: Traces;
  readonly logger: Logger;
  readonly pace: Pace;
}

/** A saga that waits for a person is an error. Every move is told where somebody debugs: a line an order would cost more than its timeline. */
const log = ({ id, after, timeline, end }: SagaChange, { logger, traces }: Parts): void => {
  const about = () => ({ orderId: id, trace_id: traceIdOf(traces.of(id)) });
  for (const { kind, step, attempt, code } of timeline)
    if (kind === 'stuck')
      logger.error(
        { ...about(), step, attempt, code },
        'saga is stuck: a person has to look (README of order-orchestrator, "A parked saga")',
      );
  if (!logger.isLevelEnabled('debug')) return;
  const status = statusOf(after);
  if (end === null) logger.debug({ ...about(), status, stage: after.stage }, 'order moved');
  else logger.debug({ ...about(), status, code: after.reason?.code }, 'order ended');
};

/** What moves sagas: the one path of replies and sweep. After each commit commands and events go out and waiting clients are answered. */
export const openProgress = (parts: Parts): SagaRunner<Tx> =>
  sagaRunner({
    store: sagaStore({ db: parts.db, eventResendMs: parts.pace.askAgainMs }),
    definitions,
    pace: parts.pace,
    send: (messages) => parts.post(parts.toMessages(messages)),
    isAway: isTransient,
    committed: (changes) => {
      parts.events.publish(changes);
      parts.waiters.ended(changes.flatMap(({ end }) => (end?.event as FinalEvent | undefined)?.order ?? []));
      observeChanges(changes);
      for (const change of changes) log(change, parts);
    },
  });
