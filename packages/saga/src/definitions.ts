import type { Definition } from './definition.ts';

/** A stored saga names a definition that this process does not have: it was started by a newer release, or support ended too early. */
export class UnknownDefinitionError extends Error {
  readonly saga: string;
  readonly version: number;

  constructor(saga: string, version: number, known: readonly string[]) {
    super(`There is no definition '${saga}' version ${version} here; known: ${known.join(', ') || 'none'}.`);
    this.name = 'UnknownDefinitionError';
    this.saga = saga;
    this.version = version;
  }
}

/** Every definition, in every version, that a stored saga may still name. */
export interface Definitions {
  /** Throws `UnknownDefinitionError`. */
  find(name: string, version: number): Definition;
}

/** Registers definitions; the same name and version twice is an error. */
export const definitionsOf = (...all: readonly Definition[]): Definitions => {
  const byName = new Map<string, Definition>();
  for (const definition of all) {
    const key = `${definition.name}@${definition.version}`;
    if (byName.has(key)) throw new Error(`The definition '${key}' is registered twice.`);
    byName.set(key, definition);
  }
  return {
    find: (name, version) => {
      const found = byName.get(`${name}@${version}`);
      if (!found) throw new UnknownDefinitionError(name, version, [...byName.keys()]);
      return found;
    },
  };
};
