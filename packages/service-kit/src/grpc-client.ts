import { type ClientDuplexStream, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { TransientError } from './errors.ts';
import { type Channel, openChannel } from './grpc-channel.ts';
import { childTraceparent, currentTrace } from './trace.ts';

/** One method as ts-proto (`outputServices=grpc-js`) writes it. */
export interface GrpcMethodDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  requestSerialize: (value: never) => Buffer;
  requestDeserialize: (value: Buffer) => unknown;
  responseSerialize: (value: never) => Buffer;
  responseDeserialize: (value: Buffer) => unknown;
}

export type GrpcServiceDefinition = Readonly<Record<string, GrpcMethodDefinition>>;

/** Anything with a generated service definition: a generated client class. */
export interface GrpcClientType<S extends GrpcServiceDefinition> {
  readonly service: S;
  readonly serviceName: string;
}

export interface GrpcCallOptions {
  /** Time-out in ms, when it is to be another than the client's. */
  deadlineMs?: number;
}

type Request<M extends GrpcMethodDefinition> = M extends { requestSerialize: (value: infer Req) => Buffer } ? Req : never;
type Response<M extends GrpcMethodDefinition> = ReturnType<M['responseDeserialize']>;
type Untagged<T> = T extends object ? Omit<T, '$type'> : T; // the codec knows the type of a request, nobody needs to repeat it

/** Streams go both ways: nothing here speaks, or listens, alone. */
type Call<M extends GrpcMethodDefinition> = M extends { requestStream: false; responseStream: false }
  ? (request: Untagged<Request<M>>, options?: GrpcCallOptions) => Promise<Response<M>>
  : M extends { requestStream: true; responseStream: true }
    ? () => ClientDuplexStream<Request<M>, Response<M>>
    : never;

/** The service's methods, unary ones as promises. */
export type GrpcClient<S extends GrpcServiceDefinition> = { readonly [K in keyof S]: Call<S[K]> } & {
  /** False while none of the addresses is connected. */
  connected(): boolean;
  close(): void;
};

/** No answer: nobody there, or not in time. With `outcomeUnknown`, since the call may have been done all the same. */
export class UpstreamUnavailable extends TransientError {
  override readonly name = 'UpstreamUnavailable';
  /** `/package.Service/Method`. */
  readonly path: string;
  /** A gRPC status: UNAVAILABLE or DEADLINE_EXCEEDED. */
  readonly code: status;

  constructor(path: string, code: status, cause?: unknown) {
    super(`${path}: ${cause instanceof Error ? cause.message : status[code]}`, { cause, outcomeUnknown: true });
    this.path = path;
    this.code = code;
  }
}

const UNARY_DEADLINE_MS = 2_000;
const OVERDUE_MS = 250; // what the channel gets to keep a deadline by itself; a stuck one does not (grpc-node #2785)

const callMetadata = (): Metadata => {
  const metadata = new Metadata();
  metadata.set('traceparent', childTraceparent());
  const { requestId } = currentTrace();
  if (requestId !== undefined) metadata.set('x-request-id', requestId);
  return metadata;
};

const isNoAnswer = (error: ServiceError): boolean => error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED;

const unary = (channel: Channel, method: GrpcMethodDefinition, clientDeadlineMs: number) => {
  const { path, requestSerialize, responseDeserialize } = method;
  return (request: unknown, { deadlineMs = clientDeadlineMs }: GrpcCallOptions = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, response?: unknown): void => {
        clearTimeout(overdue);
        channel.report(error);
        if (error === null) resolve(response);
        else reject(isNoAnswer(error) ? new UpstreamUnavailable(path, error.code, error) : error);
      };
      const serialize = requestSerialize as (value: unknown) => Buffer;
      const call = channel
        .client()
        .makeUnaryRequest(path, serialize, responseDeserialize, request, callMetadata(), { deadline: Date.now() + deadlineMs }, done);
      const overdue = setTimeout(() => {
        channel.replace();
        call.cancel();
        reject(new UpstreamUnavailable(path, status.DEADLINE_EXCEEDED));
      }, deadlineMs + OVERDUE_MS);
    });
};

/** A stream is the caller's to watch and has no deadline; all that is done here is to open it, with the trace. */
const duplex =
  (channel: Channel, { path, requestSerialize, responseDeserialize }: GrpcMethodDefinition) =>
  () =>
    channel.client().makeBidiStreamRequest(path, requestSerialize as (value: unknown) => Buffer, responseDeserialize, callMetadata());

/**
 * A client of one service over all its addresses (`host:port,host:port`), in turn. Every unary call has a deadline (2 s unless told);
 * no answer is `UpstreamUnavailable`, all else the server's `ServiceError`. Keep one per service and process, and close it.
 */
export const grpcClient = <S extends GrpcServiceDefinition>(
  { service }: GrpcClientType<S>,
  addresses: string | readonly string[],
  { deadlineMs = UNARY_DEADLINE_MS }: { deadlineMs?: number } = {},
): GrpcClient<S> => {
  const channel = openChannel(typeof addresses === 'string' ? addresses.split(',') : addresses);
  const methods = Object.entries(service).map(
    ([name, method]) => [name, method.requestStream ? duplex(channel, method) : unary(channel, method, deadlineMs)] as const,
  );
  const rest = { connected: () => channel.connected(), close: () => channel.close() };
  return { ...Object.fromEntries(methods), ...rest } as unknown as GrpcClient<S>;
};
