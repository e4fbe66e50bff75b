import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../infra/run.ts';
import { localDir, rootDir } from '../paths.ts';
import { runScript } from './script.ts';

const help = `npm test [-- paths]     linter, formatter, types, contracts, and every test; with paths, only the tests whose path matches
The last line counts them: N passed, N failed`;

interface Count {
  passed: number;
  failed: number;
}

const bin = (name: string): string => join(rootDir, 'node_modules', '.bin', name);

/** What looks at the code without running it; each counts as one test. `--only`: the build is there, and nothing may write it anew beside the tests. */
const checks: readonly { name: string; command: string; args: readonly string[] }[] = [
  { name: 'lint', command: bin('oxlint'), args: ['--type-aware', '--deny-warnings'] },
  { name: 'format', command: bin('oxfmt'), args: ['--check'] },
  { name: 'contracts', command: bin('turbo'), args: ['run', 'lint', '--output-logs=errors-only', '--env-mode=loose'] },
  { name: 'types', command: bin('turbo'), args: ['run', 'typecheck', '--only', '--output-logs=errors-only', '--env-mode=loose'] },
];

const test = async (args: string[]): Promise<number> => {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(help);
    return 0;
  }
  const counts = args.length > 0 ? [await jest('all', args)] : await everything();
  const total = counts.reduce((sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }), {
    passed: 0,
    failed: 0,
  });
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
};

export default test;

const everything = async (): Promise<Count[]> => {
  const faults = `${rootDir}/tests/faults/`;
  // Most parts wait for servers, or for time to pass: three at once, and the checks beside them with what is left, keep two cores busy.
  const [parts, checked] = await Promise.all([
    jest('parts', ['--maxWorkers', '3', '--testPathIgnorePatterns', '/node_modules/', '/dist/', faults]),
    runChecks(),
  ]);
  // These break whole clusters under load, which share two cores badly: one after another.
  return [...checked, parts, await jest('faults', ['--runInBand', '--testPathPatterns', faults])];
};

const runChecks = async (): Promise<Count[]> => {
  const counts: Count[] = [];
  for (const check of checks) counts.push(await runCheck(check));
  return counts;
};

const runCheck = async ({ name, command, args }: (typeof checks)[number]): Promise<Count> => {
  const begun = Date.now();
  const { code, output } = await run('nice', [command, ...args], { cwd: rootDir });
  console.log(`${code === 0 ? '✔' : '✘'} ${name.padEnd(14)} ${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s`);
  if (code !== 0) console.log(output.trim());
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
};

/** One run of jest, counted from its own report. A file that cannot even be loaded, or a run without a report, is a failure as well. */
const jest = async (name: string, args: readonly string[]): Promise<Count> => {
  const report = join(localDir, 'test', `jest-${name}-${process.pid}.json`);
  mkdirSync(join(localDir, 'test'), { recursive: true });
  const script = join(rootDir, 'node_modules/jest/bin/jest.js');
  const code = await runScript(script, [...args, '--json', `--outputFile=${report}`], { nodeArgs: ['--experimental-vm-modules'] });
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(report, 'utf8')) as Record<
      string,
      number
    >;
    const failed = (numFailedTests ?? 0) + (numRuntimeErrorTestSuites ?? 0);
    return { passed: numPassedTests ?? 0, failed: failed === 0 && code !== 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(report, { force: true });
  }
};
