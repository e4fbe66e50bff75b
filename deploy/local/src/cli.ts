import { Failure } from './failure.ts';

/** A command is loaded only when it is wanted: `stop` must work when nothing is built. */
const commands: Record<string, () => Promise<{ default: (args: string[]) => Promise<number> }>> = {
  start: () => import('./commands/start.ts'),
  stop: () => import('./commands/stop.ts'),
  status: () => import('./commands/status.ts'),
  logs: () => import('./commands/logs.ts'),
  doctor: () => import('./commands/doctor.ts'),
  demo: () => import('./commands/demo.ts'),
  bench: () => import('./commands/bench.ts'),
  audit: () => import('./commands/audit.ts'),
  test: () => import('./commands/test.ts'),
  'prepare-servers': () => import('./commands/prepare-servers.ts'),
};

const [name = '', ...args] = process.argv.slice(2);
try {
  const load = commands[name];
  if (load === undefined) throw new Failure(`Unknown command ${name}.`, `One of: ${Object.keys(commands).join(', ')}`);
  process.exitCode = await (await load()).default(args);
} catch (error) {
  console.error(error instanceof Failure ? `\n✘ ${String(error)}` : error);
  if (!(error instanceof Failure)) console.error('  → Nobody expected this. What the services say to it: npm run logs');
  process.exitCode = 1;
}
