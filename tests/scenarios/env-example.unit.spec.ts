import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const configs = ['packages/service-kit', ...readdirSync(join(root, 'services')).map((name) => `services/${name}`)].map((part) =>
  join(root, part, 'src', 'config.ts'),
);

describe('.env.example', () => {
  const known = new Set(Array.from(readFileSync(join(root, '.env.example'), 'utf8').matchAll(/^([A-Z][A-Z_]+)=/gm), ([, name]) => name));
  const used = new Set(
    configs.flatMap((file) => Array.from(readFileSync(file, 'utf8').matchAll(/^ {2}([A-Z][A-Z_]+):/gm), ([, name]) => name)),
  );

  it('names every variable that a service reads, and no other', () => {
    expect([...used].filter((name) => !known.has(name))).toEqual([]);
    expect([...known].filter((name) => !used.has(name))).toEqual([]);
  });
});
