import { Ajv } from 'ajv';
import { newUser } from '../accounts/schemas.ts';
import { newCouponEvent } from '../coupons/schemas.ts';
import { newOrder } from '../orders/schemas.ts';
import { adjustment, newProduct } from '../products/schemas.ts';
import { explain, type RequestSchema } from './explain.ts';
import type { TSchema } from './schema.ts';
import { parseTime } from './times.ts';
import { bodyCheck } from './validate.ts';

const id = '0197a6c2-7d1e-7c3a-9b51-3f0e2d4c5b6a';
const right: readonly [string, TSchema, unknown][] = [
  ['user', newUser, { loginId: 'min.ji', name: '김민지', password: 'correct horse' }],
  [
    'order',
    newOrder,
    {
      items: [
        { productId: id, quantity: 1 },
        { optionId: id, quantity: 9_999 },
      ],
      couponId: id,
      paymentMode: 'IMMEDIATE',
    },
  ],
  [
    'product',
    newProduct,
    { name: 'Tea', description: '', category: 'x', price: 1, status: 'ON_SALE', options: [{ name: 'a', price: 5, stock: 0 }], stock: 1 },
  ],
  ['adjustment', adjustment, { delta: -5, reason: 'broken' }],
  [
    'event',
    newCouponEvent,
    {
      name: '10%',
      discount: { type: 'PERCENT', value: 10, maxDiscount: 5, minOrderAmount: 0 },
      totalQuantity: 5,
      opensAt: '2026-01-01T00:00:00Z',
      closesAt: '2026-01-01T00:00:00Z',
      couponValidUntil: '2026-01-01T00:00:00Z',
    },
  ],
];
const odd: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  1e12,
  NaN,
  '',
  'x'.repeat(101),
  '😀'.repeat(100),
  '1',
  [],
  {},
  [1],
  { a: 1 },
  { __proto__: null, toString: 1 },
];

const ajv = new Ajv({ strict: false, formats: { password: true, 'date-time': (text: string) => parseTime(text) !== undefined } });

/** Each place of a value replaced by each odd value, removed, and joined by a stranger. */
const spoiled = function* (value: unknown): Generator<unknown> {
  yield* odd;
  if (Array.isArray(value)) {
    yield [...value, ...value, ...Array.from({ length: 99 }, () => value[0] as unknown)];
    for (let i = 0; i < value.length; i++) for (const part of spoiled(value[i])) yield value.with(i, part);
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, stranger: 1 };
    yield Object.defineProperty({ ...value }, '__proto__', { value: 1, enumerable: true });
    yield { ...value, constructor: 1 };
    for (const [name, member] of Object.entries(value)) {
      yield Object.fromEntries(Object.entries(value).filter(([other]) => other !== name));
      for (const part of spoiled(member)) yield { ...value, [name]: part };
    }
  }
};

it.each(right)('finds nothing wrong in a right %s', (_, schema, value) => expect(bodyCheck(schema)(value)).toEqual([]));

it.each(right)('finds something wrong in exactly the wrong ones: %s', (_, schema, value) => {
  const isValid = ajv.compile(schema);
  let wrong = 0;
  for (const each of spoiled(value)) {
    const errors = explain(schema as RequestSchema, each);
    expect([each, errors.length === 0]).toEqual([each, isValid(each)]);
    if (errors.length > 0) wrong++;
  }
  expect(wrong).toBeGreaterThan(30);
});

it('names every mistake, by its pointer', () => {
  const body = { items: [{ productId: 5, quantity: 0 }, { quantity: 1.5, 'a/b~c': 1 }, 7], couponId: null, paymentMode: 'LATER', x: 1 };
  expect(bodyCheck(newOrder)(body)).toEqual([
    { path: '/items/0/productId', message: 'must be a string' },
    { path: '/items/0/quantity', message: 'must be at least 1' },
    { path: '/items/1/quantity', message: 'must be an integer' },
    { path: '/items/1/a~1b~0c', message: 'is not known here' },
    { path: '/items/2', message: 'must be an object' },
    { path: '/couponId', message: 'must be a string' },
    { path: '/paymentMode', message: 'must be one of IMMEDIATE' },
    { path: '/x', message: 'is not known here' },
  ]);
});

it('stops at a hundred mistakes', () => {
  const strangers = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`x${i}`, i]));
  expect(bodyCheck(newOrder)(strangers)).toHaveLength(100);
});
