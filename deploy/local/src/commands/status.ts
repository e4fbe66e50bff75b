import { existsSync, readFileSync } from 'node:fs';
import { readClusterFile } from '../cluster-file.ts';
import { containersOf } from '../infra/docker.ts';
import { readOptions } from '../options.ts';
import { localDir } from '../paths.ts';
import { isRunning } from '../process-ref.ts';
import { readRecord } from '../run-record.ts';

const help = `npm run status     what runs in this checkout, and whether it is ready; exit code 0 when everything is`;

const status = async (args: string[]): Promise<number> => {
  if (readOptions(args, help, {}) === undefined) return 0;
  const record = readRecord(localDir);
  if (record === undefined) {
    console.log('Nothing is running. To start: npm start');
    return 3;
  }
  const alive = isRunning(record.supervisor);
  console.log(
    `${alive ? record.state : 'supervisor gone: npm stop ends what it left'}, since ${record.startedAt}, supervisor pid ${record.supervisor.pid}\n`,
  );
  const internal = record.state === 'ready' && alive ? readClusterFile(localDir).services : {};
  const lines = await Promise.all(
    Object.entries(record.processes).map(async ([name, ref]) => {
      const url = internal[name]?.internalUrl;
      const running = isRunning(ref);
      const state = running ? (url === undefined ? 'running' : await readiness(url)) : 'gone';
      return {
        ok: state === 'running' || state === 'ready',
        text: `${name.padEnd(22)} ${state.padEnd(10)} pid ${String(ref.pid).padEnd(8)} ${memory(ref.pid)}`,
      };
    }),
  );
  const unknown = [{ name: 'containers', state: 'unknown', health: ': the Docker engine does not answer' }];
  const containers = record.kind === 'docker' ? await containersOf(localDir).catch(() => unknown) : [];
  lines.unshift(
    ...containers.map(({ name, state, health }) => ({
      ok: state === 'running' && health !== 'unhealthy',
      text: `${name.padEnd(22)} ${state.padEnd(10)} container ${health}`,
    })),
  );
  for (const { ok, text } of lines) console.log(`${ok ? '✔' : '✘'} ${text}`);
  if (alive && record.state === 'ready') console.log(`\ngateway ${readClusterFile(localDir).gatewayUrl}`);
  return alive && record.state === 'ready' && lines.every(({ ok }) => ok) ? 0 : 1;
};

export default status;

const readiness = async (internalUrl: string): Promise<string> => {
  const answer = await fetch(`${internalUrl}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  return answer === undefined ? 'silent' : answer.ok ? 'ready' : 'not ready';
};

const memory = (pid: number): string => {
  const file = `/proc/${pid}/status`;
  const kiB = existsSync(file) ? /VmRSS:\s+(\d+)/.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  return kiB === undefined ? '' : `${Math.round(Number(kiB) / 1024)} MB`;
};
