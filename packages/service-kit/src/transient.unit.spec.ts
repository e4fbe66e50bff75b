import { OverloadedError, TransientError } from './errors.ts';
import { isTransient } from './transient.ts';

const sql = (errno: number): Error => Object.assign(new Error('x'), { errno });

it.each([
  ['deadlock', sql(1213)],
  ['lock wait', sql(1205)],
  ['read-only', sql(1290)],
  ['disk full', sql(1114)],
  ['server gone', sql(2006)],
  ['socket closed', sql(45009)],
  ['no connection from the pool', sql(45028)],
  ['refused', Object.assign(new Error('x'), { code: 'ECONNREFUSED' })],
  ['our own', new TransientError('x')],
  ['wrapped', new Error('x', { cause: new Error('y', { cause: sql(1213) }) })],
])('%s may be tried again', (_, error) => {
  expect(isTransient(error)).toBe(true);
});

it.each([
  ['duplicate key', sql(1062)],
  ['syntax', sql(1064)],
  ['check constraint', sql(4025)],
  ['check constraint of MySQL', sql(3819)],
  ['missing parameter', sql(45016)],
  ['overload', new OverloadedError('x')],
  ['a bug', new TypeError('x')],
  ['nothing', undefined],
  ['text', 'ECONNREFUSED'],
])('%s may not', (_, error) => {
  expect(isTransient(error)).toBe(false);
});

it('survives an error that is its own cause', () => {
  const error = new Error('x');
  error.cause = error;
  expect(isTransient(error)).toBe(false);
});
