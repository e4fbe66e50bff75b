const namesOf = new WeakMap<object, Map<string, string>>();

/** The short name of a proto enum's value, as rows and the public API have it: `COMPLETED` of `ORDER_STATUS_COMPLETED`. */
export const enumName = <E extends Record<string, string>>(type: E, value: E[keyof E]): keyof E & string => {
  let names = namesOf.get(type);
  if (names === undefined) namesOf.set(type, (names = new Map(Object.entries(type).map(([name, wire]) => [wire, name]))));
  return names.get(value) ?? 'UNSPECIFIED';
};
