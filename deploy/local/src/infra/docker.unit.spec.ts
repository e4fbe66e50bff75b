/** Shows what is asked of Docker, by a `docker` that writes it down. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startDocker } from './docker.ts';

const dir = mkdtempSync(join(tmpdir(), 'jumun-docker-'));
const { PATH } = process.env;
afterAll(() => {
  process.env['PATH'] = PATH;
  rmSync(dir, { recursive: true });
});

test('where not all of the servers come up, those that have are stopped, and what failed is told', async () => {
  const diary = join(dir, 'diary');
  const docker = `#!/bin/sh\necho "$*" >> ${diary}\ncase "$*" in *' up '*) echo 'mysql is unhealthy'; exit 1;; *' stop '*) exit 1;; esac\n`;
  writeFileSync(join(dir, 'docker'), docker);
  chmodSync(join(dir, 'docker'), 0o755);
  process.env['PATH'] = `${dir}${delimiter}${PATH}`;
  await expect(startDocker({ dir: join(dir, 'data') })).rejects.toThrow(/up failed:[^]*mysql is unhealthy/);
  const asked = readFileSync(diary, 'utf8').trim().split('\n');
  expect(asked.at(-1)).toMatch(/^compose .* stop --timeout 20$/);
});
