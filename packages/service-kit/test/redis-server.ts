import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freePort } from '@jumun/testkit';
import { inContainers, startContainer } from './container.ts';

interface RedisServer {
  url: string;
  stop(): Promise<void>;
}

const settings = ['--save', '', '--appendonly', 'no'];

/** A Redis for one spec that may stop it. */
export const startRedis = async (): Promise<RedisServer> => {
  const port = await freePort();
  const server = inContainers()
    ? startContainer('redis:8-alpine', { port, inside: 6379, args: ['redis-server', ...settings] })
    : spawnRedis(port);
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 600) throw new Error('redis does not answer');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url: `redis://127.0.0.1:${port}`, ...server };
};

const spawnRedis = (port: number): { stop(): Promise<void> } => {
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', ...settings], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  return {
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};

/** To a ping: a container's port takes connections before its server does. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => done(data.toString().startsWith('+PONG')));
    for (const end of ['error', 'close']) socket.once(end, () => done(false));
  });
