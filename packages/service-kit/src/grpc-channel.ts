import { type ChannelOptions, Client, connectivityState, credentials, type ServiceError, status } from '@grpc/grpc-js';

/** A gRPC channel that is replaced when it stops being of use. */
export interface Channel {
  client(): Client;
  /** How a call ended; some failures in a row replace the channel. */
  report(error: ServiceError | null): void;
  replace(): void;
  connected(): boolean;
  close(): void;
}

const OPTIONS: ChannelOptions = {
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  // A peer that was stopped does not close its connections: pings find out, between calls too.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // Services speak to each other directly, whatever proxy the environment names for the outside.
  'grpc.enable_http_proxy': 0,
  // As much as our servers send (service.ts); the default of 4 MB is less than a full batch of the largest answers.
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
  // Each client has connections of its own; else a replacement would share the broken ones.
  'grpc.use_local_subchannel_pool': 1,
};

const FAILURES_MAX = 10; // in a row; an instance that restarts causes fewer
const REPLACE_INTERVAL_MS = 5_000;
const GRACE_MS = 5_000; // for calls still open on the old channel

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}:\d+$/;

/** The gRPC name of a list of addresses; see https://github.com/grpc/grpc/blob/master/doc/naming.md. */
export const targetOf = (addresses: readonly string[]): string => {
  const [first, ...more] = addresses.map((address) => address.trim());
  if (first === undefined || first === '') throw new Error('a gRPC client needs an address');
  if ([first, ...more].every((address) => IPV4.test(address))) return `ipv4:${[first, ...more].join(',')}`;
  if (more.length > 0) throw new Error('several gRPC addresses must be IPv4 addresses; one host name may stand for several instances');
  return `dns:///${first}`;
};

const isReset = ({ code, details }: Pick<ServiceError, 'code' | 'details'>): boolean =>
  code === status.INTERNAL && details.includes('RST_STREAM');

/**
 * Whether a call was cut off, so that nobody knows whether it was carried out: an instance that is stopped cuts what it has not finished, which
 * comes out as CANCELLED or as a reset stream.
 */
export const isCutOff = (error: unknown): boolean => {
  const { code, details } = (error ?? {}) as Partial<ServiceError>;
  return code !== undefined && typeof details === 'string' && (code === status.CANCELLED || isReset({ code, details }));
};

/** CANCELLED is not among them: that is an instance which stops, and no fault of the channel. */
const isChannelFailure = (error: ServiceError): boolean =>
  error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED || isReset(error);

/**
 * Connections to all addresses, used in turn. Channels of grpc-js are known to get stuck while connecting (grpc-node #2785), and to answer
 * nothing but RST_STREAM after very many calls (#3040); so after ten failures in a row a new one takes over.
 */
export const openChannel = (addresses: readonly string[]): Channel => {
  const target = targetOf(addresses);
  const connect = (): Client => new Client(target, credentials.createInsecure(), OPTIONS);
  let client = connect();
  let failures = 0;
  let replacedAt = -Infinity;
  let closed = false;

  const replace = (): void => {
    const now = performance.now();
    if (closed || now - replacedAt < REPLACE_INTERVAL_MS) return;
    replacedAt = now;
    failures = 0;
    const old = client;
    client = connect();
    setTimeout(() => old.close(), GRACE_MS).unref();
  };
  return {
    client: () => client,
    report: (error) => {
      failures = error !== null && isChannelFailure(error) ? failures + 1 : 0;
      if (failures >= FAILURES_MAX) replace();
    },
    replace,
    connected: () => client.getChannel().getConnectivityState(true) === connectivityState.READY,
    close: () => {
      closed = true;
      client.close();
    },
  };
};
