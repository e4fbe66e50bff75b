import { rateLimit } from './rate-limit.ts';

describe('rate limit', () => {
  it('lets as many through as fit, and one more as soon as there is room', () => {
    let now = 0;
    const limit = rateLimit(10, () => now);
    for (let i = 0; i < 10; i++) expect(limit('a')).toBeNull();
    expect(limit('a')).toMatchObject({
      code: 'RATE_LIMITED',
      headers: { 'retry-after': '1', 'ratelimit-policy': '"default";q=10;w=1', ratelimit: '"default";r=0;t=1' },
    });
    expect(limit('b')).toBeNull();
    now = 101;
    expect(limit('a')).toBeNull();
    expect(limit('a')).not.toBeNull();
    now = 100_000;
    expect(Array.from({ length: 20 }, () => limit('a')).filter((refusal) => refusal === null)).toHaveLength(10);
  });
  it('is off at 0', () => {
    const limit = rateLimit(0);
    for (let i = 0; i < 1_000; i++) expect(limit('a')).toBeNull();
  });
});
