import { startCluster, type Cluster } from './cluster.ts';
import { removeClusterFile, describeCluster, writeClusterFile } from './cluster-file.ts';
import { showFirstOrder } from './demo/first-order.ts';
import { listenForEnd } from './ending.ts';
import { sayReady } from './foreground.ts';
import { wantedInfra } from './infra/binaries.ts';
import { localDir } from './paths.ts';
import { findFreeBase, PORT_BASE_DEFAULT, requireFree } from './port-plan.ts';
import { whoListens } from './ports.ts';
import { printedProgress, type Progress } from './progress.ts';
import { refuseIfRunning, writeOrSay } from './run-record.ts';
import { services } from './services.ts';
import { keepSettings, keptSettings } from './settings.ts';
import { summary } from './summary.ts';

export interface StartOptions {
  portBase: number | undefined;
  instances: number | undefined;
  infra: 'native' | 'docker' | undefined;
}

/** Starts the cluster of this checkout, keeps it running, and ends it when asked to. Returns the exit code. */
export const superviseCluster = async (options: StartOptions): Promise<number> => {
  refuseIfRunning(localDir); // before the ports are looked at: they would be taken by it
  const begun = Number(process.env['JUMUN_BEGUN_AT'] ?? Date.now()); // before dependencies and build, see bootstrap.mjs
  const progress = printedProgress();
  const { asked, signal } = listenForEnd();
  let cluster: Cluster | undefined;
  const writeAgain = writeOrSay((text) => progress.say(text));
  // A service that was started again has another pid.
  const onEvent = (text: string): void => {
    progress.say(`${new Date().toISOString()} ${text}`);
    if (cluster !== undefined) writeClusterFile(cluster, writeAgain);
  };
  const instances = options.instances ?? 1;
  const kept = keptSettings();
  const infra = options.infra ?? wantedInfra() ?? kept.infra;
  const portBase = options.portBase ?? (await freeBase(kept.portBase ?? PORT_BASE_DEFAULT, instances, progress));
  cluster = await startCluster({
    dir: localDir,
    portBase,
    instances,
    infra,
    supervise: true,
    progress,
    onEvent,
    signal,
  });
  try {
    keepSettings({ portBase, infra: cluster.infra.kind });
    writeClusterFile(cluster);
    const shown = showFirstOrder(cluster);
    shown.catch(() => undefined); // not waited for any more, when the end is asked for first
    const askedMeanwhile = await Promise.race([shown, asked]);
    if (typeof askedMeanwhile === 'number') return askedMeanwhile;
    console.log(
      `\n${summary(describeCluster(cluster))}\n\nReady after ${((Date.now() - begun) / 1000).toFixed(1)} s in all. ${process.send === undefined ? 'Ctrl-C ends it.' : 'npm stop ends it.'}`,
    );
    sayReady();
    return await asked;
  } finally {
    try {
      removeClusterFile(localDir);
      console.log('');
    } finally {
      await progress.step('stopped', cluster.stop);
    }
  }
};

/** The usual ports, or the next free ones with a word about who has the usual ones: another checkout may be running. */
const freeBase = async (usual: number, instances: number, progress: Progress): Promise<number> => {
  const counts = Object.fromEntries(services.map(({ name }) => [name, instances]));
  try {
    await requireFree(usual, counts);
    return usual;
  } catch {
    const base = await findFreeBase(PORT_BASE_DEFAULT, counts);
    const who = whoListens(usual);
    progress.say(
      `– ports from ${usual} are in use${who === undefined ? '' : ` by ${who}`}: taking those from ${base} (--port-base chooses others)`,
    );
    return base;
  }
};
