import { connect } from 'node:net';
import { host } from './connection.ts';

/**
 * Whether the broker on the port serves requests, and consumer groups as well. One request of the Kafka protocol, written out here because a client
 * would retry, log and rebalance: FindCoordinator, version 0. It is answered with a broker as soon as one leads the topic of the groups' offsets,
 * which a broker makes when it is first asked for a coordinator: asked now, it is there before the first consumer is.
 */
export const brokerAnswers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host });
    let received = Buffer.alloc(0);
    const done = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2000, () => done(false));
    socket.once('connect', () => socket.write(findCoordinator('probe')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      // length (4), correlation id (4), error code (2)
      if (received.length >= 10) done(received.readInt16BE(8) === 0);
    });
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });

const findCoordinator = (group: string): Buffer => {
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + 2 + group.length);
  request.writeInt32BE(request.length - 4);
  request.writeInt16BE(10, 4); // FindCoordinator
  request.writeInt16BE(0, 6); // version
  request.writeInt32BE(1, 8); // correlation id
  request.writeInt16BE(-1, 12); // no client id
  request.writeInt16BE(group.length, 14);
  request.write(group, 16);
  return request;
};
