import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether this run's own servers are containers: then nothing need be installed, so a spec's server is one as well. */
export const inContainers = (): boolean => {
  const file = process.env['JUMUN_TEST_INFRA'];
  return file !== undefined && (JSON.parse(readFileSync(file, 'utf8')) as { kind?: string }).kind === 'docker';
};

/** Runs an image with one of its ports on one of ours, until it is stopped. */
export const startContainer = (
  image: string,
  { port, inside, env = {}, args = [] }: { port: number; inside: number; env?: Record<string, string>; args?: readonly string[] },
): { stop(): Promise<void> } => {
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const options = ['--detach', '--rm', '--publish', `127.0.0.1:${port}:${inside}`, ...variables];
  const id = execFileSync('docker', ['run', ...options, image, ...args], { encoding: 'utf8' }).trim();
  return {
    stop: () => {
      execFileSync('docker', ['rm', '--force', '--volumes', id], { stdio: 'ignore' });
      return Promise.resolve();
    },
  };
};
