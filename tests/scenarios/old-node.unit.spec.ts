import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const names = readdirSync(join(root, 'services'));
const programOf = (name: string): string => join(root, 'services', name, 'dist', 'main.js');

const told = { status: 78, stderr: 'Node 24 is needed, this is 20.20.2: node_modules/.bin/node has it.\n' };
const run = (node: string, ...args: string[]): { status: number | null; stderr: string } => {
  const { status, stderr } = spawnSync(node, args, { env: {}, encoding: 'utf8' });
  return { status, stderr };
};

/** This Node, which says that it is another one. */
const faked = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`;

/** The Nodes of this machine that are older than what everything runs on; many machines have none. */
const paths = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'));
const older = [...new Set(paths.filter((path) => existsSync(path)).map((path) => realpathSync(path)))]
  .map((node) => ({ node, version: spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1) }))
  .filter(({ version }) => version !== '' && Number.parseInt(version) < 24);

describe('a service that is started with an older Node', () => {
  it.each(names)('%s says so and ends with 78, before anything else of it runs', (name) => {
    expect(run(process.execPath, `--import=${faked}`, programOf(name))).toEqual(told);
  });

  it('really older ones do too', () => {
    for (const { node, version } of older)
      expect(run(node, programOf('wallet'))).toEqual({ ...told, stderr: told.stderr.replace('20.20.2', version) });
  });
});
