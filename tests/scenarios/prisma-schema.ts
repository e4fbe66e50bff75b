/** A `schema.prisma` as far as it speaks of the database: tables, columns and indexes under the names that they have there. */

export interface Table {
  /** By name: type, `NULL` where it may be, `DEFAULT` where it fills itself. */
  readonly columns: Readonly<Record<string, string>>;
  /** By name: columns, in their order. */
  readonly indexes: Readonly<Record<string, string>>;
}

const TYPES: Readonly<Record<string, string>> = { BigInt: 'bigint', Int: 'int', Boolean: 'tinyint(1)' };

const FIELD = /^ {2}(\w+)\s+(\w+)(\?|\[\])?(.*)$/;
const argument = (attributes: string, name: string): string | undefined => new RegExp(`@${name}\\("([^"]+)"\\)`).exec(attributes)?.[1];
const mapOf = (attribute: string): string => /map: "([^"]+)"/.exec(attribute)?.[1] ?? 'PRIMARY';

const typeOf = (type: string, attributes: string): string => {
  const [, native] = /@db\.(\w+(?:\(\d+\))?)/.exec(attributes) ?? [];
  return native?.toLowerCase() ?? TYPES[type] ?? `no type is known for ${type}`;
};

const tableOf = (body: string, models: ReadonlySet<string>): Table => {
  const fields = body
    .split('\n')
    .map((line) => FIELD.exec(line))
    .filter((match) => match !== null)
    .map(([, field = '', type = '', mark = '', attributes = '']) => ({ field, type, mark, attributes }))
    .filter(({ type }) => !models.has(type));
  const column = new Map(fields.map(({ field, attributes }) => [field, argument(attributes, 'map') ?? field]));
  const columns = fields.map(({ field, type, mark, attributes }) => [
    column.get(field),
    [typeOf(type, attributes), ...(mark === '?' ? ['NULL'] : []), ...(attributes.includes('@default(') ? ['DEFAULT'] : [])].join(' '),
  ]);
  const ofOne = fields.flatMap(({ field, attributes }) => {
    const [attribute] = /@(id|unique)\b(\([^)]*\))?/.exec(attributes) ?? [];
    return attribute === undefined ? [] : [[mapOf(attribute), column.get(field)]];
  });
  const ofMany = Array.from(body.matchAll(/@@(?:id|unique|index)\(\[([^\]]+)\].*/g), ([attribute, names = '']) => [
    mapOf(attribute),
    names
      .split(', ')
      .map((name) => column.get(name))
      .join(),
  ]);
  return { columns: Object.fromEntries(columns), indexes: Object.fromEntries([...ofOne, ...ofMany]) };
};

/** The tables that the models of a schema name. */
export const tablesOf = (schema: string): Record<string, Table> => {
  const models = Array.from(schema.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm), ([, name = '', body = '']) => ({ name, body }));
  const names = new Set(models.map(({ name }) => name));
  return Object.fromEntries(models.map(({ name, body }) => [argument(body, '@map') ?? name, tableOf(body, names)]));
};
