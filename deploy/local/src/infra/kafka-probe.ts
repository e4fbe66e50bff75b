import { connect } from 'node:net';
import { host } from './connection.ts';

/**
 * Whether the broker on the port serves requests and knows itself as a member of its cluster. Two requests of the Kafka protocol,
 * written out here because a client would retry, log and rebalance: Metadata, version 1, for no topics at all, answers with the brokers.
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
    socket.once('connect', () => socket.write(metadataRequest));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      // length (4), correlation id (4), number of brokers (4)
      if (received.length >= 12) done(received.readInt32BE(8) > 0);
    });
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });

const metadataRequest = ((): Buffer => {
  const body = Buffer.alloc(2 + 2 + 4 + 2 + 4);
  body.writeInt16BE(3, 0); // Metadata
  body.writeInt16BE(1, 2); // version
  body.writeInt32BE(1, 4); // correlation id
  body.writeInt16BE(-1, 8); // no client id
  body.writeInt32BE(0, 10); // no topics
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
})();
