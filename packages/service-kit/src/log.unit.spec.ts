import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const kit = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const withLogger = (code: string): string[] => [
  '--input-type=module',
  '-e',
  `const { createLogger, withTrace } = await import(${JSON.stringify(kit)});
   const logger = createLogger('test', 'info');
   ${code}`,
];

it('writes JSON lines with the trace at hand and without secrets', () => {
  const code = `
    logger.debug('too fine');
    withTrace({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', requestId: 'r1' }, () =>
      logger.info({ orderId: 'o1', password: 'hush', request: { headers: { authorization: 'hush' } } }, 'placed'));`;
  const output = execFileSync(process.execPath, withLogger(code), { encoding: 'utf8' });
  expect(output).not.toContain('hush');
  expect(JSON.parse(output)).toMatchObject({
    level: 'info',
    name: 'test',
    msg: 'placed',
    orderId: 'o1',
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    request_id: 'r1',
  });
});

it.each([
  ['exits', 'process.exit(0)'],
  ['is killed', "process.kill(process.pid, 'SIGKILL')"],
])('has said everything, in order, when the process %s', (_, end) => {
  const code = `
    const { scrypt } = await import('node:crypto');
    for (let i = 0; i < 8; i++) scrypt('busy', 'threads', 32, { N: 65_536, maxmem: 1e9 }, () => {});
    for (const line of ['one', 'two', 'three']) logger.info(line);
    ${end};`;
  const { stdout } = spawnSync(process.execPath, withLogger(code), { encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['one', 'two', 'three']);
});

it('a full disk is no failure of whoever has something to say', () => {
  const full = openSync('/dev/full', 'w');
  const code = `for (const line of ['one', 'two', 'three']) logger.error(line); console.error('went on');`;
  const { status, stderr } = spawnSync(process.execPath, withLogger(code), { encoding: 'utf8', stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  expect([status, stderr]).toEqual([0, 'went on\n']);
});
