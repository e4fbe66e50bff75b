// Consumes every event of the cluster that runs in this checkout, from the first one on, and prints each:
//     node_modules/.bin/node --no-warnings docs/examples/consumer.mjs
import { readFileSync } from 'node:fs';
import { messageTypeRegistry, topicNames } from '@jumun/protos'; // or code that any protobuf compiler makes of protos/proto
import { Kafka, logLevel } from 'kafkajs';

const { kafka } = JSON.parse(readFileSync(new URL('../../.local/cluster.json', import.meta.url), 'utf8'));
const client = new Kafka({ clientId: 'my-shop', brokers: kafka.brokers, logLevel: logLevel.ERROR });
const consumer = client.consumer({ groupId: 'my-shop' }); // a group of its own: it gets everything, and takes nothing from anybody

/** In earnest a table, written in the transaction of what the event makes you do: an event may come again, after a restart as well. */
const seen = new Set();

const handle = ({ key, value, headers }) => {
  const id = headers.ce_id.toString();
  if (seen.has(id)) return;
  seen.add(id);
  const type = headers.ce_type.toString();
  const event = messageTypeRegistry.get(type)?.decode(value);
  if (event === undefined) return; // a message that was added later than this code
  console.log(headers.ce_time.toString(), type, key.toString(), JSON.stringify(event));
};

await consumer.connect();
const { orderEvents, walletEvents, couponEvents, inventoryEvents } = topicNames; // without TOPIC_PREFIX, which the local cluster does not set
await consumer.subscribe({ topics: [orderEvents, walletEvents, couponEvents, inventoryEvents], fromBeginning: true });
await consumer.run({ eachMessage: async ({ message }) => handle(message) });
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void consumer.disconnect());
