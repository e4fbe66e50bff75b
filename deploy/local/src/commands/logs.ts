import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Failure } from '../failure.ts';
import { containerLogs } from '../infra/docker.ts';
import { readOptions, wholeNumber } from '../options.ts';
import { localDir } from '../paths.ts';
import { readRecord } from '../run-record.ts';
import { keptSettings } from '../settings.ts';

const help = `npm run logs -- [service] [options]     what a service has written, or all of them
  -f, --follow     goes on until Ctrl-C
  -n, --lines N    how many lines of each to begin with; default 50, or 10 of each`;

const logDir = join(localDir, 'logs');
const FOLLOW_EVERY_MS = 300;

const logs = async (args: string[]): Promise<number> => {
  const read = readOptions(
    args,
    help,
    { follow: { type: 'boolean', short: 'f' }, lines: { type: 'string', short: 'n' } },
    { takesArguments: true },
  );
  if (read === undefined) return 0;
  const inContainers = readsDocker() ? servers : [];
  const there = existsSync(logDir)
    ? readdirSync(logDir)
        .filter((file) => file.endsWith('.log'))
        .map((file) => file.slice(0, -4))
        .filter((name) => !inContainers.includes(name)) // from a time when they were child processes
        .toSorted()
    : [];
  const all = [...inContainers, ...there];
  const wanted = read.positionals.length > 0 ? read.positionals : all;
  const unknown = wanted.find((name) => !all.includes(name));
  if (unknown !== undefined || wanted.length === 0) {
    throw new Failure(
      unknown === undefined ? 'There are no logs yet.' : `There is no log of ${unknown}.`,
      all.length === 0 ? 'npm start writes some.' : `There are: ${all.join(', ')}`,
    );
  }
  const lines = wholeNumber('lines', read.values.lines, { min: 0, max: 1_000_000 }) ?? (wanted.length === 1 ? 50 : 10);
  const prefix = (name: string): string => (wanted.length === 1 ? '' : `${name.padEnd(20)} `);
  const follow = read.values.follow ?? false;
  const files = wanted.filter((name) => there.includes(name));
  const containers = Promise.all(
    wanted.filter((name) => inContainers.includes(name)).map((name) => printContainer(name, prefix(name), { follow, lines })),
  );
  if (!follow) await containers;
  const positions = new Map<string, number>();
  for (const name of files) {
    const text = readFileSync(join(logDir, `${name}.log`), 'utf8');
    positions.set(name, Buffer.byteLength(text));
    print(
      prefix(name),
      text
        .trimEnd()
        .split('\n')
        .slice(lines === 0 ? Infinity : -lines),
    );
  }
  while (follow) {
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_EVERY_MS));
    for (const name of files) {
      const { text, end } = readFrom(join(logDir, `${name}.log`), positions.get(name) ?? 0);
      positions.set(name, end);
      if (text !== '') print(prefix(name), text.trimEnd().split('\n'));
    }
  }
  return 0;
};

export default logs;

const print = (prefix: string, lines: readonly string[]): void => {
  for (const line of lines) if (line !== '') console.log(`${prefix}${line}`);
};

/** The servers' own logs lie with the engine when they are containers. */
const servers: readonly string[] = ['mysql', 'redis', 'kafka'];
const readsDocker = (): boolean => readRecord(localDir)?.kind === 'docker' || keptSettings().infra === 'docker';

const printContainer = async (name: string, prefix: string, options: { follow: boolean; lines: number }): Promise<void> => {
  const child = spawn('docker', containerLogs(localDir, name, options), { stdio: ['ignore', 'pipe', 'pipe'] });
  child.once('error', (error) => print(prefix, [error.message]));
  await Promise.all(
    [child.stdout, child.stderr].map(async (input) => {
      for await (const line of createInterface({ input })) print(prefix, [line]);
    }),
  );
};

/** Whole lines only; a file that has become shorter is read from its beginning. */
const readFrom = (file: string, position: number): { text: string; end: number } => {
  const { size } = statSync(file);
  const from = size < position ? 0 : position;
  const chunk = Buffer.alloc(size - from);
  const handle = openSync(file, 'r');
  readSync(handle, chunk, 0, chunk.length, from);
  closeSync(handle);
  const whole = chunk.lastIndexOf('\n') + 1;
  return { text: chunk.subarray(0, whole).toString(), end: from + whole };
};
