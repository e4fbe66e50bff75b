import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

test('docs/operating.md has every metric that is registered, and no other', () => {
  const sources = globSync(['packages/*/src/**/*.ts', 'services/*/src/**/*.ts'], { cwd: root }).filter(
    (file) => !file.includes('/generated/'),
  );
  const registered = sources.flatMap((file) =>
    Array.from(
      readFileSync(join(root, file), 'utf8').matchAll(/new (?:Counter|Gauge|Histogram)\(\{\s+name: '(jumun_\w+)'/g),
      ([, name]) => name,
    ),
  );
  const told = Array.from(readFileSync(join(root, 'docs', 'operating.md'), 'utf8').matchAll(/^\| `(jumun_\w+)`/gm), ([, name]) => name);
  expect(registered.length).toBeGreaterThan(10);
  expect(new Set(told)).toEqual(new Set(registered));
});
