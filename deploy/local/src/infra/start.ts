import { engineAnswers, wantedInfra } from './binaries.ts';
import type { Infrastructure } from './connection.ts';
import { startDocker } from './docker.ts';
import { installMissing } from './install.ts';
import { startNative, type NativeOptions } from './native.ts';

export interface InfraOptions extends NativeOptions {
  /** `auto`: containers where a Docker engine answers, child processes elsewhere. */
  kind?: 'native' | 'docker' | 'auto';
  /** The data is not wanted afterwards (containers only: a native one lies in `dir`, which the caller removes). */
  ephemeral?: boolean;
  /** Told what takes long. */
  report?: (what: string) => void;
}

/** Which of the two it will be; `JUMUN_INFRA` decides where nobody else does. */
export const infraKind = (kind: 'native' | 'docker' | 'auto' = 'auto'): 'native' | 'docker' => {
  if (kind !== 'auto') return kind;
  return wantedInfra() ?? (engineAnswers() ? 'docker' : 'native');
};

/** MySQL, Redis and Kafka, ready to answer. */
export const startInfrastructure = async ({ kind, report = () => undefined, ...options }: InfraOptions): Promise<Infrastructure> => {
  if (infraKind(kind) === 'docker') return startDocker(options);
  await installMissing(report);
  return startNative(options);
};
