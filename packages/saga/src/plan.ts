import type { CommandType, Payload, Reply } from './command.ts';
import type { Ends, Handler } from './definition.ts';
import type { Outcome, Refused } from './outcome.ts';

/** A definition made ready to be looked up by stage and step, with its types let go. */
export interface Plan {
  readonly stages: readonly PlannedStage[];
  readonly indexOf: ReadonlyMap<string, number>;
  readonly stepOf: ReadonlyMap<string, PlannedStep>;
  readonly pivotIndex: number;
  readonly ends: AnyEnds;
}

export type PlannedStage =
  | {
      readonly kind: 'stage';
      readonly name: string;
      readonly steps: Readonly<Record<string, RawStep>>;
      readonly limit?: { readonly atMostMs: number; readonly otherwise: Refused };
    }
  | { readonly kind: 'pivot'; readonly name: string; readonly step: RawStep }
  | {
      readonly kind: 'wait';
      readonly name: string;
      readonly when?: Condition;
      readonly atMostMs: number | ((data: unknown) => number);
      readonly otherwise: Refused;
    };

export type AnyEnds = Ends<unknown, unknown, unknown>;

type Condition = (data: unknown) => boolean;

interface RawAsk {
  readonly command: CommandType;
  readonly payload: (data: unknown) => Payload;
}

interface RawStep {
  readonly when?: Condition;
  readonly ask: RawAsk;
  readonly undo?: RawAsk;
  readonly on: Readonly<Record<string, Handler<unknown, Reply, Outcome<unknown, string>>>>;
}

/** A step and where it stands. `key` is `stage.step`, or the pivot's name: unique in the definition and part of its command ids. */
export interface PlannedStep extends RawStep {
  readonly key: string;
  readonly stageIndex: number;
}

// A command id is `sagaId/key/attempt` in a column of 64 characters: 36 of a UUID, 2 slashes, 3 digits leave this much.
const KEY_LENGTH_MAX = 64 - 36 - 2 - 3;
const STEP_NAME = /^[a-z][A-Za-z0-9-]*$/;

export const UNDO_SUFFIX = '.undo';

/** Checks the names and builds the look-ups, once a definition. Throws on a definition that could not run. */
export const planOf = (name: string, stages: readonly PlannedStage[], ends: AnyEnds): Plan => {
  const fail = (what: string): never => {
    throw new Error(`The definition of saga '${name}' is wrong: ${what}.`);
  };
  const indexOf = new Map<string, number>();
  const stepOf = new Map<string, PlannedStep>();
  const add = (key: string, stageIndex: number, step: RawStep) => {
    const longest = step.undo ? key + UNDO_SUFFIX : key;
    if (longest.length > KEY_LENGTH_MAX)
      fail(`'${longest}' is longer than the ${KEY_LENGTH_MAX} characters that a command id has room for`);
    stepOf.set(key, { ...step, key, stageIndex });
  };
  stages.forEach((stage, index) => {
    if (!STEP_NAME.test(stage.name)) fail(`stage '${stage.name}' is not a name like 'reserve'`);
    if (indexOf.has(stage.name)) fail(`stage '${stage.name}' is there twice`);
    indexOf.set(stage.name, index);
    if (stage.kind === 'pivot') add(stage.name, index, stage.step);
    if (stage.kind !== 'stage') return;
    for (const [step, raw] of Object.entries(stage.steps)) {
      if (!STEP_NAME.test(step)) fail(`step '${step}' is not a name like 'stock'`);
      add(`${stage.name}.${step}`, index, raw);
    }
  });
  return { stages, indexOf, stepOf, pivotIndex: stages.findIndex((stage) => stage.kind === 'pivot'), ends };
};

/** The steps of each stage, in the order in which they were written. */
export const keysOf = (stage: PlannedStage): readonly string[] =>
  stage.kind === 'stage' ? Object.keys(stage.steps).map((step) => `${stage.name}.${step}`) : stage.kind === 'pivot' ? [stage.name] : [];
