import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import type { Gateway } from '../src/gateway.ts';
import type { Answered } from './gateway.ts';

export interface Sent {
  readonly token?: string;
  readonly key?: string;
  /** Name, value, name, value: also one name twice. */
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** A gateway over real HTTP: with headers as they are given, and byte by byte. */
export interface Wire {
  send(call: string, sent?: Sent): Promise<Answered>;
  /** Writes a text onto a connection of its own, and answers all that comes back until it is closed. */
  said(text: string, options?: { andEnd?: boolean; andStay?: boolean }): Promise<string>;
  /** Writes a text and resets the connection at once. */
  breaksOff(text: string): Promise<void>;
  close(): void;
}

export const openWire = async ({ app }: Gateway): Promise<Wire> => {
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });

  const send: Wire['send'] = (call: string, { token, key, headers = [], body } = {}) =>
    new Promise((resolve, reject) => {
      const [method, path] = call.split(' ');
      const all = [
        'Host',
        'api.example',
        ...(token === undefined ? [] : ['Authorization', `Bearer ${token}`]),
        ...(key === undefined ? [] : ['Idempotency-Key', key]),
        ...(body === undefined ? [] : ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body))]),
        ...headers,
      ];
      const sent = request({ agent, host: '127.0.0.1', port, method, path, headers: all }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const isJson = String(response.headers['content-type']).includes('json') && text !== '';
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: isJson ? (JSON.parse(text) as Answered['body']) : {},
          });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });

  const said: Wire['said'] = (text, { andEnd = false, andStay = false } = {}) =>
    new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: andStay }, () => (andEnd ? socket.end(text) : socket.write(text)));
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('close', () => resolve(answer));
      socket.on('error', andStay ? () => {} : reject);
      // Whoever stays learns that the other side has closed from what it still writes.
      socket.on('end', () => {
        const writing = setInterval(() => (andStay && !socket.destroyed ? socket.write('x') : clearInterval(writing)), 100);
      });
    });

  const breaksOff: Wire['breaksOff'] = (text) =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text, () => socket.resetAndDestroy()));
      socket.on('close', () => resolve());
      socket.on('error', () => {});
    });

  return { send, said, breaksOff, close: () => agent.destroy() };
};
