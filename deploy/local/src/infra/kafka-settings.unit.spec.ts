/** Shows: a broker in a container has the settings of one that is a child process. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootDir } from '../paths.ts';
import { BROKER_HEAP, JVM_TUNING } from './kafka.ts';

const lines = (file: string, pattern: RegExp): [string, string][] =>
  Array.from(readFileSync(join(rootDir, file), 'utf8').matchAll(pattern), ([, name = '', value = '']) => [
    name,
    value.replace(/^'(.*)'$/, '$1'),
  ]);

const native = Object.fromEntries(lines('deploy/kafka/server.properties', /^([a-z.]+)=(.*)$/gm));

const { KAFKA_HEAP_OPTS, KAFKA_JVM_PERFORMANCE_OPTS, ...variables } = Object.fromEntries(
  lines('docker-compose.yml', /^ {6}(KAFKA_\w+): (.*)$/gm),
);
/** As the image does it: `KAFKA_NODE_ID` becomes `node.id`. */
const contained = Object.fromEntries(
  Object.entries(variables).map(([name, value]) => [
    name
      .replace(/^KAFKA_/, '')
      .toLowerCase()
      .replaceAll('_', '.'),
    value,
  ]),
);

/** What depends on ports and folders; a child process gets it from the cluster, which knows them. */
const OF_THE_PLACE = ['listeners', 'advertised.listeners', 'controller.quorum.voters', 'log.dirs'];

test('the broker of docker-compose.yml is set up as deploy/kafka/server.properties says', () => {
  const settings = Object.fromEntries(Object.entries(contained).filter(([name]) => !OF_THE_PLACE.includes(name)));
  expect(settings).toEqual(native);
  expect(Object.keys(native).length).toBeGreaterThan(15);
  expect(OF_THE_PLACE.filter((name) => contained[name] === undefined)).toEqual([]);
});

test('and runs on a JVM of the same size and kind', () => {
  expect([KAFKA_HEAP_OPTS, KAFKA_JVM_PERFORMANCE_OPTS]).toEqual([BROKER_HEAP, JVM_TUNING.join(' ')]);
});
