import { Counter, Gauge, Histogram, registry } from '@jumun/service-kit';

const registers = [registry];

export const duplicates = new Counter({
  name: 'jumun_inbox_duplicates_total',
  help: 'Commands that came again and were answered with the stored reply',
  labelNames: ['group'] as const,
  registers,
});
export const deadLetters = new Counter({
  name: 'jumun_dead_letters_total',
  help: 'Messages that were put aside',
  labelNames: ['topic', 'group'] as const,
  registers,
});
export const outboxAge = new Gauge({
  name: 'jumun_outbox_age_seconds',
  help: 'Age of the oldest event that is not published yet',
  registers,
});
export const consumerLag = new Gauge({
  name: 'jumun_consumer_lag',
  help: 'Messages of a partition that are not done yet, as of its last fetch',
  labelNames: ['group', 'topic', 'partition'] as const,
  registers,
});
export const batchSize = new Histogram({
  name: 'jumun_batch_size',
  help: 'Messages that were handled at once',
  labelNames: ['group'] as const,
  buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
  registers,
});
export const batchSeconds = new Histogram({
  name: 'jumun_batch_duration_seconds',
  help: 'From taking a batch to its being done',
  labelNames: ['group'] as const,
  buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
  registers,
});
