import { childTraceparent, currentTrace, isTraceparent, traceIdOf, withTrace } from './trace.ts';

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

it('is seen by whatever the work awaits, and by nothing else', async () => {
  const seen = withTrace({ traceparent: parent, requestId: 'r' }, async () => {
    await Promise.resolve();
    return currentTrace();
  });
  expect(currentTrace()).toEqual({});
  expect(await seen).toEqual({ traceparent: parent, requestId: 'r' });
});

it('gives the next hop the same trace and a span of its own', () => {
  const child = withTrace({ traceparent: parent }, () => childTraceparent());
  expect(isTraceparent(child)).toBe(true);
  expect(traceIdOf(child)).toBe('0af7651916cd43dd8448eb211c80319c');
  expect(child.slice(36, 52)).not.toBe(parent.slice(36, 52));
  expect(child.endsWith('-01')).toBe(true);
});

it('starts a trace where there is none, or a broken one', () => {
  expect(isTraceparent(childTraceparent(undefined))).toBe(true);
  expect(traceIdOf(childTraceparent(`00-${'0'.repeat(32)}-b7ad6b7169203331-01`))).not.toBe('0'.repeat(32));
  expect(traceIdOf('nonsense')).toBeUndefined();
});
