// Health and reflection describe themselves like every other service; their packages bring the .proto files, and buf describes these.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const near = (name, path) => join(dirname(require.resolve(name)), path);

const described = (folder, ...more) => {
  const form = ['--as-file-descriptor-set', '--exclude-source-info', '-o', '-#format=binpb'];
  return execFileSync('buf', ['build', folder, ...more, ...form], { stdio: ['ignore', 'pipe', 'inherit'] });
};

const reflection = near('@grpc/reflection', '../proto');
const sets = [
  described(near('grpc-health-check', '../../proto')),
  described(reflection, '--path', join(reflection, 'grpc')), // beside it are samples
];
// Two encoded sets, one behind the other, are the set of both.
writeFileSync(new URL('../dist/standard-services.binpb', import.meta.url), Buffer.concat(sets));
