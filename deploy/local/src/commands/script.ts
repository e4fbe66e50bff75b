import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { nodeBinary, rootDir } from '../paths.ts';

/** Runs a script of another folder with this terminal, to its end. Returns its exit code, as a shell tells it of one that a signal ended. */
export const runScript = (
  script: string,
  args: readonly string[],
  { nodeArgs = [], env = process.env }: { nodeArgs?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(nodeBinary, ['--no-warnings', ...nodeArgs, script, ...args], { cwd: rootDir, env, stdio: 'inherit' });
    const wait = (): void => undefined; // the terminal has sent it to the child as well, which decides
    process.on('SIGINT', wait);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.off('SIGINT', wait);
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']);
    });
  });
