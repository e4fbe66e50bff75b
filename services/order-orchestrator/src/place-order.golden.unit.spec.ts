import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { messageTypeRegistry } from '@jumun/protos';
import { advance, begin, endOf, type Input, type Pace, type Progress, type Transition } from '@jumun/saga';
import { scenarios } from './golden/scenarios.ts';
import type { PlacedOrder } from './order.ts';
import { placeOrder, statusOf } from './place-order.ts';

/**
 * Golden traces of the saga, one file a scenario. Their inputs are replayed against today's definition, from the state as it was stored:
 * every state, message and event has to come out as it stands. A changed trace means that orders which run now would notice: raise the
 * version and keep the old definition. UPDATE_TRACES=1 records new scenarios.
 */
const pace: Pace = { askAgainMs: 60_000, askAgainMsMax: 120_000, asksMax: 3 };

interface Step {
  readonly at: number;
  readonly input: Input;
  readonly became: unknown;
}
interface Trace {
  readonly order: PlacedOrder;
  readonly began: unknown;
  readonly steps: readonly Step[];
}

/** A reply as the codec hands it over: the trace holds it as protobuf's JSON. */
const received = (input: Input): Input =>
  input.kind === 'reply'
    ? { ...input, reply: messageTypeRegistry.get(input.reply.$type)?.fromJSON(input.reply) as typeof input.reply }
    : input;
const encoded = (message: { readonly $type: string }): unknown => messageTypeRegistry.get(message.$type)?.toJSON(message);

/** What the saga says of its end; the version is that of its row, of which it knows nothing. */
const told = (event: { readonly $type: string }): unknown => ({ ...(encoded(event) as object), version: undefined });

const show = ({ verdict, progress, messages, timeline }: Transition<PlacedOrder>): unknown => {
  const end = endOf(placeOrder, progress);
  const { data: _, ...state } = progress;
  const shown = {
    verdict,
    status: statusOf(progress),
    state,
    sends: messages.map(({ commandId, command, payload, undoes, issuedAt }) => ({
      commandId,
      undoes,
      type: command.name,
      payload: encoded(payload),
      issuedAt,
    })),
    timeline,
    ends:
      end === null ? undefined : { outcome: end.outcome, type: (end.event as { $type: string }).$type, event: told(end.event as never) },
  };
  return JSON.parse(JSON.stringify(shown)) as unknown;
};

/** What a saga is moved on from: what its row gives back, or what an instance remembers of its own move. */
type Kept = (progress: Progress<PlacedOrder>) => Progress<PlacedOrder>;
const inItsRow: Kept = (progress) => JSON.parse(JSON.stringify(progress)) as Progress<PlacedOrder>;
const inMemory: Kept = (progress) => progress;

const play = ({ order, steps }: { order: PlacedOrder; steps: readonly Pick<Step, 'at' | 'input'>[] }, kept: Kept = inItsRow): Trace => {
  let last: Transition<PlacedOrder> = begin(placeOrder, order.id, order, order.createdAt, pace);
  const began = show(last);
  const played = steps.map(({ at, input }): Step => {
    last = advance(placeOrder, kept(last.progress), received(input), at, pace);
    return { at, input, became: show(last) };
  });
  return { order, began, steps: played };
};

const fileOf = (name: string): URL => new URL(`./golden/${name}.json`, import.meta.url);

const record = (name: string): void => {
  const { order, inputs } = scenarios[name] ?? { order: undefined, inputs: [] };
  if (order === undefined) throw new Error(`there is no scenario ${name}`);
  const trace = play({ order, steps: inputs.map((input, index) => ({ at: order.createdAt + 10 * (index + 1), ...input })) });
  mkdirSync(new URL('./golden', import.meta.url), { recursive: true });
  writeFileSync(fileOf(name), `${JSON.stringify(trace, null, 1)}\n`);
};

test.each(Object.keys(scenarios))('%s', (name) => {
  if (process.env['UPDATE_TRACES'] === '1' && !existsSync(fileOf(name))) record(name);
  const recorded = JSON.parse(readFileSync(fileOf(name), 'utf8')) as Trace;
  for (const kept of [inItsRow, inMemory]) expect(JSON.parse(JSON.stringify(play(recorded, kept)))).toEqual(recorded);
});
