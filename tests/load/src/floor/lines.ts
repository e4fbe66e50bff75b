import { connect, createServer, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/** Calls `onLine` for each line of JSON that comes in. */
const eachLine = (socket: Socket, onLine: (value: unknown) => void): void => {
  let begun = '';
  socket.setNoDelay(true);
  socket.setEncoding('utf8');
  socket.on('data', (text) => {
    const lines = (begun + String(text)).split('\n');
    begun = lines.pop() ?? '';
    for (const line of lines) onLine(JSON.parse(line));
  });
};

interface Call {
  readonly call: number;
  readonly body: unknown;
}

/** Answers questions, each a line of JSON: the least that a call between two processes can cost. */
export const serveLines = <In, Out>(port: number, answer: (question: In) => Promise<Out>): Promise<void> => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()); // who asked has gone
    eachLine(socket, (line) => {
      const { call, body } = line as Call;
      void answer(body as In).then((out) => socket.write(`${JSON.stringify({ call, body: out })}\n`));
    });
  });
  return new Promise((resolve) => server.listen(port, HOST, resolve));
};

/** Asks them. Nothing goes on without an answer: the end of the connection ends the process. */
export const askLines = <In, Out>(port: number): ((question: In) => Promise<Out>) => {
  const waiting = new Map<number, (out: Out) => void>();
  const socket = connect(port, HOST);
  let calls = 0;
  socket.on('close', () => process.exit(1));
  eachLine(socket, (line) => {
    const { call, body } = line as Call;
    waiting.get(call)?.(body as Out);
    waiting.delete(call);
  });
  return (question) =>
    new Promise((resolve) => {
      waiting.set(++calls, resolve);
      socket.write(`${JSON.stringify({ call: calls, body: question })}\n`);
    });
};
