import { TransientError } from '@jumun/service-kit';
import { couldNotLook } from './could-not-look.ts';

it('says in a sentence that a database is away, without its statements', () => {
  expect(couldNotLook(new TransientError('statement: socket timeout\nsql: SELECT 1'))).toBe(
    'Could not look: a database is away, or did not answer in time (statement: socket timeout).',
  );
});

it('keeps all that is known of what nobody expected', () => {
  expect(couldNotLook(new Error('no such table'))).toMatch(/^Could not look: Error: no such table\n +at /);
  expect(couldNotLook('x')).toBe('Could not look: x');
});
