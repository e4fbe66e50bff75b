import { spawn } from 'node:child_process';
import { freePort } from './mariadb-server.ts';

/** A Redis for one spec that may stop it. */
export const startRedis = async (): Promise<{ url: string; stop(): Promise<void> }> => {
  const port = await freePort();
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve) => child.stdout.on('data', (chunk: Buffer) => chunk.includes('Ready to accept') && resolve()));
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
