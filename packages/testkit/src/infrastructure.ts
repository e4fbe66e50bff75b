import { readFile } from 'node:fs/promises';

/** Where the MySQL, Redis and Kafka of this test run answer. */
export interface TestInfrastructure {
  mysql: { host: string; port: number; rootUser: string; rootPassword: string };
  redisUrl: string;
  kafkaBrokers: string[];
}

/**
 * The servers that all tests of this run share: everybody makes own schemas, topics and keys in them. They were started by jest's
 * global set-up, or are the ones that `JUMUN_TEST_INFRA` names.
 */
export const infrastructure = async (): Promise<TestInfrastructure> => {
  const file = process.env['JUMUN_TEST_INFRA'];
  if (file === undefined) {
    throw new Error(
      'No servers for this test: run it by `npm run jest`, name it *.int.spec.ts, or set JUMUN_TEST_INFRA to the file of running ones',
    );
  }
  const { mysql, redisUrl, kafkaBrokers } = JSON.parse(await readFile(file, 'utf8')) as TestInfrastructure;
  return { mysql, redisUrl, kafkaBrokers };
};
