// Compares the contracts with those of the last release: what an old instance could not read must not pass.
import { execFileSync, spawnSync } from 'node:child_process';

const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

const lastRelease = () => {
  try {
    return git('describe', '--tags', '--abbrev=0', '--match', 'v*');
  } catch {
    return undefined; // no tag, or no history at all
  }
};

const tag = lastRelease();
if (tag === undefined) console.log('buf breaking: skipped, there is no release tag (v*) to compare with yet');
else {
  const against = `${git('rev-parse', '--git-common-dir')}#tag=${tag},subdir=protos`;
  const { status } = spawnSync('buf', ['breaking', '--against', against], { stdio: 'inherit' });
  if (status === 0) console.log(`buf breaking: nothing is broken since ${tag}`);
  process.exitCode = status ?? 1;
}
