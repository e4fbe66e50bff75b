/** Objects made by it have no property but their own, and are no slower than others; those of `Object.create(null)` are slow dictionaries. */
const Bare = function () {} as unknown as new () => object;
Bare.prototype = Object.create(null) as object;

/** Headers by their names, none yet. Whoever may write to a topic chooses them, and may choose `__proto__`. */
export const newHeaders = <T>(): Record<string, T> => new Bare() as Record<string, T>;
