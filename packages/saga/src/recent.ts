/** Remembers the latest names that were added, at least `countMax` of them. */
export interface Recent {
  add(name: string): void;
  has(name: string): boolean;
}

/** Two generations: the elder is dropped as a whole when the younger is full, so nothing has to be forgotten one by one. */
export const recent = (countMax: number): Recent => {
  let young = new Set<string>();
  let old = new Set<string>();
  return {
    add: (name) => {
      if (young.size >= countMax) {
        old = young;
        young = new Set();
      }
      young.add(name);
    },
    has: (name) => young.has(name) || old.has(name),
  };
};
