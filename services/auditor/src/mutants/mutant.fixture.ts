import type { Schema } from '../books.ts';
import { id } from '../books.fixture.ts';

type Tampering = readonly (readonly [schema: Schema, statement: string])[];

/** What a broken service would leave behind, and the one invariant that must see it. */
export interface Mutant {
  readonly red: string;
  readonly because: string;
  readonly tamper: Tampering;
}

export const on = (schema: Schema, ...statements: string[]): Tampering => statements.map((statement) => [schema, statement]);

/** A command and its answer, as a participant's inbox keeps them. */
export const answered = (commandId: string, replyType: string): string =>
  `INSERT INTO inbox (id, claim, reply_type, reply) VALUES ('${commandId}', '${id('f1')}', '${replyType}', '{}')`;
