import { Failure } from '../failure.ts';

/** What a folder has from an earlier start with containers. */
export interface DockerFolder {
  /** Keeps the root password; `text` is what it holds, undefined when there is no such file. */
  file: string;
  text: string | undefined;
  /** The volumes that the engine has of this folder's project. */
  volumes: readonly string[];
  /** The command that removes containers and volumes of the project. */
  removal: string;
}

/**
 * The root password of a folder's containers; undefined when nothing has been made yet, so that a new one will do. Data whose password is not
 * known is explained and never touched: it may be wanted.
 */
export const keptPassword = ({ file, text, volumes, removal }: DockerFolder): string | undefined => {
  if (text === undefined) {
    if (volumes.length === 0) return undefined;
    throw new Failure(
      `Docker has data of this folder (${volumes.join(', ')}), but ${file}, which keeps its password, is gone.`,
      `Put the file back, or, if you do not need the data, remove it: ${removal}`,
    );
  }
  const password = passwordIn(text);
  if (password !== undefined) return password;
  throw new Failure(
    `${file}, which keeps the password of this folder's data in Docker, cannot be read.`,
    `Put the file back, or, if you do not need the data, remove both: ${removal} && rm '${file}'`,
  );
};

const passwordIn = (text: string): string | undefined => {
  try {
    const { rootPassword } = JSON.parse(text) as { rootPassword?: unknown };
    return typeof rootPassword === 'string' && rootPassword !== '' ? rootPassword : undefined;
  } catch {
    return undefined; // no JSON, or null
  }
};
