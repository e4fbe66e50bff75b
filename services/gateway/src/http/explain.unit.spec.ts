import { Ajv } from 'ajv';
import { rightBodies, spoiled } from '../../test/bodies.ts';
import { newOrder } from '../orders/schemas.ts';
import { explain, type RequestSchema } from './explain.ts';
import { parseTime } from './times.ts';
import { bodyCheck } from './validate.ts';

const ajv = new Ajv({ strict: false, formats: { password: true, 'date-time': (text: string) => parseTime(text) !== undefined } });

it.each(rightBodies)('finds nothing wrong in a right %s', (_, schema, value) => expect(bodyCheck(schema)(value)).toEqual([]));

it.each(rightBodies)('finds something wrong in exactly the wrong ones: %s', (_, schema, value) => {
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
