import { globSync } from 'node:fs';

/** Starts MySQL, Redis and Kafka for this run of jest, unless it has no integration test or running ones were named. */
export default async function globalSetup(globalConfig, projectConfig) {
  if (process.env.JUMUN_TEST_INFRA !== undefined || !runsIntegrationTests(globalConfig, projectConfig)) return;
  const { sharedTestInfra, startTestInfra } = await import('@jumun/local/test-infra');
  const shared = sharedTestInfra();
  if (shared !== undefined) {
    process.env.JUMUN_TEST_INFRA = shared;
    return;
  }
  globalThis.jumunTestInfra = await startTestInfra();
  process.env.JUMUN_TEST_INFRA = globalThis.jumunTestInfra.file;
}

/** Jest does not tell a set-up which files it found, so look for them the same way: by the patterns on the command line. */
const runsIntegrationTests = (globalConfig, projectConfig) => {
  const patterns = (globalConfig.testPathPatterns?.patterns ?? []).map((pattern) => new RegExp(pattern, 'i'));
  const files = projectConfig.roots.flatMap((root) =>
    globSync('**/*.int.spec.ts', { cwd: root, exclude: (name) => name === 'node_modules' || name === 'dist' }).map(
      (file) => `${root}/${file}`,
    ),
  );
  return files.some((file) => patterns.length === 0 || patterns.some((pattern) => pattern.test(file)));
};
