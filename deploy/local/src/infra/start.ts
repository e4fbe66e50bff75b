import type { Infrastructure } from './connection.ts';
import { startNative, type NativeOptions } from './native.ts';

export interface InfraOptions extends NativeOptions {
  kind?: 'native' | 'docker' | 'auto';
}

/** The three servers, as child processes. */
export const startInfrastructure = (options: InfraOptions): Promise<Infrastructure> => startNative(options);
