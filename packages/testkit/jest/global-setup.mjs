import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Starts MySQL, Redis and Kafka for this run of jest, unless it has no test that uses them or running ones were named. */
export default async function globalSetup(globalConfig, projectConfig) {
  // A broker of the tests lives for minutes: the JVM's second compiler would take much of its CPU and be done when it ends.
  process.env.JDK_JAVA_OPTIONS ??= '-XX:TieredStopAtLevel=1';
  // Services are started a hundred times over: what V8 has compiled of them is kept, which spares each start a fifth of its CPU.
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../../../.local/test/compiled', import.meta.url));
  if (process.env.JUMUN_TEST_INFRA !== undefined || !needsServers(globalConfig, projectConfig)) return;
  const { sharedTestInfra, startTestInfra } = await import('@jumun/local/test-infra');
  const shared = sharedTestInfra();
  if (shared !== undefined) {
    process.env.JUMUN_TEST_INFRA = shared;
    return;
  }
  globalThis.jumunTestInfra = await startTestInfra();
  process.env.JUMUN_TEST_INFRA = globalThis.jumunTestInfra.file;
}

/** Fault tests start clusters of their own. */
const withTheirOwn = /\/tests\/faults\//;

/** Jest does not tell a set-up which files it found, so look for them the same way: by the patterns on the command line. */
const needsServers = (globalConfig, projectConfig) => {
  const patterns = (globalConfig.testPathPatterns?.patterns ?? []).map((pattern) => new RegExp(pattern, 'i'));
  const files = projectConfig.roots.flatMap((root) =>
    globSync('**/*.int.spec.ts', { cwd: root, exclude: (name) => name === 'node_modules' || name === 'dist' }).map(
      (file) => `${root}/${file}`,
    ),
  );
  return files.some((file) => !withTheirOwn.test(file) && (patterns.length === 0 || patterns.some((pattern) => pattern.test(file))));
};
