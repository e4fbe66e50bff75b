import type { FieldError } from '../problems/problem.ts';
import { Id, Int, Named, OneOf, PRICE_MAX, Strict, Text, Type, Won } from '../http/schema.ts';

export const STOCK_MAX = 1_000_000_000;
const STATUSES = ['PREPARING', 'ON_SALE', 'SUSPENDED', 'SOLD_OUT'] as const;
export type StatusName = (typeof STATUSES)[number];

export const sorts = ['createdAt', '-createdAt', 'price', '-price', 'name', '-name'] as const;

export const listQuery = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, default: 1 })),
  size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  status: Type.Optional(OneOf(STATUSES)),
  category: Type.Optional(Type.String({ maxLength: 100, description: 'As it is written, to the letter.' })),
  q: Type.Optional(Type.String({ maxLength: 100, description: 'Part of the name; case and accents do not count.' })),
  sort: Type.Optional(OneOf(sorts, '`-` for descending; ties by id. Default `-createdAt`.')),
};

const option = Named(
  'Option',
  Type.Object({
    id: Id(),
    name: Type.String(),
    price: Won('Won; its own price, or else the product’s.'),
    stock: Type.Integer({ description: 'What can be bought now.' }),
    onHand: Type.Optional(Type.Integer({ description: 'To administrators only.' })),
    reserved: Type.Optional(Type.Integer({ description: 'To administrators only: held by open orders.' })),
  }),
);
const members = {
  id: Id(),
  name: Type.String(),
  category: Type.Optional(Type.String()),
  price: Won(),
  status: OneOf(STATUSES, '`SOLD_OUT` is derived: on sale, and every option at 0.'),
  stock: Type.Integer({ description: 'The sum of its options’.' }),
  options: Type.Array(option),
};

export const product = Named('Product', Type.Object(members));
export const productDetail = Named('ProductDetail', Type.Object({ ...members, description: Type.Optional(Type.String()) }));
export const productList = Named(
  'ProductList',
  Type.Object({ items: Type.Array(product), page: Type.Integer(), size: Type.Integer(), total: Type.Integer() }),
);

const price = Int(1, PRICE_MAX, 'Won.');
const stock = Int(0, STOCK_MAX);
export const newProduct = Named(
  'NewProduct',
  Strict({
    name: Text(1, 100),
    description: Type.Optional(Text(0, 10_000)),
    category: Type.Optional(Text(1, 100)),
    price,
    status: Type.Optional(OneOf(['PREPARING', 'ON_SALE', 'SUSPENDED'], 'Default `ON_SALE`.')),
    options: Type.Optional(
      Type.Array(Strict({ name: Text(1, 100), price: Type.Optional(price), stock }), {
        minItems: 1,
        maxItems: 100,
        description: 'Without it one option is made, from `stock` and the price.',
      }),
    ),
    stock: Type.Optional(Int(0, STOCK_MAX, 'Only without `options`. Default 0.')),
  }),
);

/** What the schema of a new product cannot say. */
export const newProductRules = (body: Readonly<Record<string, unknown>>): readonly FieldError[] =>
  body['options'] !== undefined && body['stock'] !== undefined
    ? [{ path: '/stock', message: 'must not stand beside options, which have stock of their own' }]
    : [];

export const adjustment = Named('StockAdjustment', Strict({ delta: Int(-STOCK_MAX, STOCK_MAX, 'Units; not 0.'), reason: Text(1, 200) }));
export const adjustmentRules = ({ delta }: Readonly<Record<string, unknown>>): readonly FieldError[] =>
  delta === 0 ? [{ path: '/delta', message: 'must not be 0' }] : [];
export const stockLevel = Named(
  'StockLevel',
  Type.Object({ optionId: Id(), stock: Type.Integer(), onHand: Type.Integer(), reserved: Type.Integer() }),
);
