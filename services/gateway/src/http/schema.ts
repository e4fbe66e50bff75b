import { Type, type Static, type TSchema } from '@sinclair/typebox';

export { Type, type Static, type TSchema };

/** Objects in requests: nothing besides what is named. */
export const Strict = <P extends Record<string, TSchema>>(properties: P) => Type.Object(properties, { additionalProperties: false });

/** A schema that the OpenAPI document shows under a name of its own. */
export const Named = <T extends TSchema>(title: string, schema: T): T => ({ ...schema, title });

export const OneOf = <const V extends readonly string[]>(values: V, description?: string) =>
  Type.Unsafe<V[number]>({ type: 'string', enum: values, ...(description === undefined ? {} : { description }) });

export const Id = (description?: string) =>
  Type.String({ ...(description === undefined ? {} : { description }), examples: ['0197a6c2-7d1e-7c3a-9b51-3f0e2d4c5b6a'] });
export const Time = (description?: string) => Type.String({ format: 'date-time', ...(description === undefined ? {} : { description }) });
export const Text = (minLength: number, maxLength: number, description?: string) =>
  Type.String({ minLength, maxLength, ...(description === undefined ? {} : { description }) });
export const Int = (minimum: number, maximum: number, description?: string) =>
  Type.Integer({ minimum, maximum, ...(description === undefined ? {} : { description }) });

/** Won in answers. */
export const Won = (description = 'Won.') => Type.Integer({ description });
/** The most that the price of a product, or an amount of a coupon, may be. */
export const PRICE_MAX = 1_000_000_000;

/** `limit` and `cursor` of a history. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: '`nextCursor` of the page before.' })),
};

export const Page = <T extends TSchema>(title: string, item: T) =>
  Named(
    title,
    Type.Object({
      items: Type.Array(item),
      nextCursor: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Null at the end.' }),
    }),
  );
