import { Counter, Gauge, Histogram, registry } from '@jumun/service-kit';

const registers = [registry];

export const inboxDuplicates = new Counter({
  name: 'jumun_inbox_duplicates_total',
  help: 'Commands that were answered from the inbox because they had been carried out before.',
  labelNames: ['group'],
  registers,
});

export const carefulRounds = new Counter({
  name: 'jumun_inbox_careful_rounds_total',
  help: 'Rounds that were played a second time, with care, because their commands could not be taken for new. Many of them cost double.',
  registers,
});

export const deadLetters = new Counter({
  name: 'jumun_dead_letters_total',
  help: 'Records that were put aside, by the topic they came from.',
  labelNames: ['topic', 'group'],
  registers,
});

export const outboxAge = new Gauge({
  name: 'jumun_outbox_age_seconds',
  help: 'Age of the oldest message that is still to be sent, and was not refused.',
  registers,
});

export const outboxRefusals = new Counter({
  name: 'jumun_outbox_refusals_total',
  help: 'Messages of the outbox that were refused for good, once for each time that they were tried.',
  labelNames: ['topic'],
  registers,
});

export const consumerLag = new Gauge({
  name: 'jumun_consumer_lag',
  help: 'Messages of a partition that are not done yet.',
  labelNames: ['group', 'topic', 'partition'],
  registers,
});

export const batchSize = new Histogram({
  name: 'jumun_batch_size',
  help: 'Messages that were handled at once.',
  labelNames: ['group'],
  buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  registers,
});

export const batchSeconds = new Histogram({
  name: 'jumun_batch_seconds',
  help: 'Time from taking a batch to having it done.',
  labelNames: ['group'],
  buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
  registers,
});
