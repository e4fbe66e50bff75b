import { newUser } from '../src/accounts/schemas.ts';
import { newCouponEvent } from '../src/coupons/schemas.ts';
import type { TSchema } from '../src/http/schema.ts';
import { newOrder } from '../src/orders/schemas.ts';
import { adjustment, newProduct } from '../src/products/schemas.ts';

const id = '0197a6c2-7d1e-7c3a-9b51-3f0e2d4c5b6a';
/** A right body of each operation that has one of some size. */
export const rightBodies: readonly [string, TSchema, unknown][] = [
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

/** Each place of a value replaced by each odd value, removed, and joined by a stranger. */
export const spoiled = function* (value: unknown): Generator<unknown> {
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
