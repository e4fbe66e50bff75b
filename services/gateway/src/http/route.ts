import type { common } from '@jumun/protos';
import type { Caller } from '../auth/tokens.ts';
import type { ProblemCode } from '../problems/catalogue.ts';
import type { FieldError, Problem } from '../problems/problem.ts';
import type { Static, TSchema } from './schema.ts';

type Properties = Readonly<Record<string, TSchema>>;
type QueryOf<Q extends Properties> = { [K in keyof Q]: Q[K] extends { default: unknown } ? Static<Q[K]> : Static<Q[K]> | undefined };

/** A request that has been read, checked, and found right. */
export interface Call<Body = unknown, Query = unknown> {
  /** The caller; on public routes undefined when nobody is signed in. */
  readonly caller: Caller | undefined;
  /** The `{id}` of the path, well-formed. */
  readonly id: string;
  readonly query: Query;
  readonly body: Body;
  /** To be handed on to the owner of the effect; its key is empty when the client gave none. */
  readonly idempotency: common.IdempotencyKey;
  readonly prefer: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly requestId: string;
}

/** A call by somebody who is signed in. */
export type SignedInCall<Body, Query> = Call<Body, Query> & { readonly caller: Caller };

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Result = Answer | Problem;
export const isProblem = (result: Result): result is Problem => 'code' in result;

export type Access = 'public' | 'signedIn' | 'admin';

/** One operation of the API: all that is known about it, from which Fastify's route, the checks and the OpenAPI document follow. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it: `/v1/products/{id}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  /** Counted against the limit per address. */
  readonly limitedByAddress?: boolean;
  /** `Idempotency-Key`: must be there, or is honoured where it is. */
  readonly key?: 'required' | 'honoured';
  /** Has a `{id}`; what a malformed one is answered with. */
  readonly unknownId?: ProblemCode;
  /** Request headers that it looks at, for the document. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers of its successes, for the document. `required` says that each of them has it. */
  readonly sends?: Readonly<Record<string, { readonly text: string; readonly required: boolean }>>;
  readonly query?: Properties;
  readonly body?: TSchema;
  /** What the body's schema cannot say. Gets whatever object came, so that all mistakes are told at once. */
  readonly rules?: (body: Readonly<Record<string, unknown>>) => readonly FieldError[];
  /** By status: the schema of the answer, null for none. */
  readonly answers: Readonly<Record<number, TSchema | null>>;
  /** The refusals of this very operation; what every operation may answer is not repeated. */
  readonly refusals: readonly ProblemCode[];
  readonly handle: (call: Call) => Promise<Result>;
}

type Typed<A extends Access, B extends TSchema | undefined, Q extends Properties | undefined> = Omit<
  Route,
  'access' | 'body' | 'query' | 'handle'
> & {
  readonly access: A;
  readonly body?: B;
  readonly query?: Q;
  readonly handle: (
    call: A extends 'public'
      ? Call<B extends TSchema ? Static<B> : undefined, Q extends Properties ? QueryOf<Q> : undefined>
      : SignedInCall<B extends TSchema ? Static<B> : undefined, Q extends Properties ? QueryOf<Q> : undefined>,
  ) => Promise<Result>;
};

/** Writes a route down; body and query of the handler's call have the types of their schemas, since they were checked against them. */
export const route = <A extends Access, B extends TSchema | undefined = undefined, Q extends Properties | undefined = undefined>(
  definition: Typed<A, B, Q>,
): Route => definition as unknown as Route;

export const ok = (body: unknown, headers?: Answer['headers']): Answer => ({ status: 200, body, headers });

/** 201; an effect of an earlier call with the same key says so. */
export const created = (body: unknown, { replayed = false, location }: { replayed?: boolean; location?: string } = {}): Answer => ({
  status: 201,
  body,
  headers: { ...(replayed ? { 'idempotent-replayed': 'true' } : {}), ...(location === undefined ? {} : { location }) },
});
