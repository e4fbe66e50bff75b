import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

export const [PRODUCE, OFFSET_COMMIT, JOIN_GROUP] = [0, 8, 11];

/** A request to a broker as it went out: https://kafka.apache.org/protocol#protocol_messages. */
export interface Request {
  readonly apiKey: number;
  /** What follows the header. */
  readonly body: Buffer;
}

/** What this process says to brokers, seen on its real sockets. */
export interface Traffic {
  /** All that are or were connected to a broker. */
  sockets(): Socket[];
  /** Requests of this kind so far; of those that begin with their group, which most about groups do, only this one's. */
  requests(apiKey: number, group?: string): Request[];
}

const requestOf = (bytes: Buffer): Request => {
  const client = bytes.readInt16BE(12); // after size, key, version and correlation id
  return { apiKey: bytes.readInt16BE(4), body: bytes.subarray(14 + Math.max(0, client)) };
};

const beginsWith = ({ body }: Request, text: string): boolean =>
  body.readInt16BE(0) === Buffer.byteLength(text) && body.subarray(2, 2 + Buffer.byteLength(text)).equals(Buffer.from(text));

/** Listens from now on. kafkajs hands each request to its socket whole. */
export const watchTraffic = (ports: readonly number[]): Traffic => {
  const sockets: Socket[] = [];
  const requests: Request[] = [];
  subscribe('net.client.socket', (event) => {
    const { socket } = event as { socket: Socket };
    // First of all listeners; earlier, Node itself would put the original `write` back.
    socket.once('connect', () => {
      if (!ports.includes(socket.remotePort ?? 0)) return;
      sockets.push(socket);
      const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
      socket.write = ((...args: unknown[]) => {
        requests.push(requestOf(args[0] as Buffer));
        return write(...args);
      }) as Socket['write'];
    });
  });
  return {
    sockets: () => [...sockets],
    requests: (apiKey, group) =>
      requests.filter((request) => request.apiKey === apiKey && (group === undefined || beginsWith(request, group))),
  };
};
