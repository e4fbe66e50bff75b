/**
 * What the package knows of a command: its full name and, as types only, its payload and every reply that it may get. Descriptors of
 * generated protocols fit structurally; `decode` is never called here, it carries the type.
 */
export interface CommandType<Payload = unknown, R extends Reply = Reply> {
  /** The full type name, such as `shop.inventory.v1.ReserveStock`. */
  readonly name: string;
  readonly message: { decode(input: Uint8Array): Payload };
  readonly replies: readonly { decode(input: Uint8Array): R }[];
}

/** An answer of a participant. Unions of replies discriminate on `$type`, a full type name. */
export interface Reply {
  readonly $type: string;
}

/** The last segment of a full type name: `StockReserved` of `shop.inventory.v1.StockReserved`. */
export type LastSegment<T extends string> = T extends `${string}.${infer Rest}` ? LastSegment<Rest> : T;

/** Replies that any command may get; the interpreter answers them itself, so no step has to. */
export type GenericReplyName = 'Undone' | 'CommandFailed';

export const lastSegment = (type: string): string => type.slice(type.lastIndexOf('.') + 1);

/** What is sent with a command. */
export interface Payload {
  readonly $type: string;
}

/** A command together with how its payload follows from the saga's data. */
export interface Ask<in Data, out R extends Reply = Reply> {
  readonly command: CommandType<unknown, R>;
  /**
   * Must give the same payload for the same command id at every re-send, so it may only depend on what was frozen when the saga
   * started, or on what earlier stages have stored.
   */
  readonly payload: (data: Data) => Payload;
}

/** A message without its `$type`, which the command knows; one with it fits too. */
type Fields<Payload> = Omit<Payload, '$type'> & { readonly $type?: string };

/** Binds a command to the payload that the saga sends with it. */
export const ask = <Data, Payload extends object, R extends Reply>(
  command: CommandType<Payload, R>,
  payload: (data: Data) => NoInfer<Fields<Payload>>,
): Ask<Data, R> => ({ command, payload: (data) => ({ ...payload(data), $type: command.name }) });
