import { parseConfig, serviceEnv } from './config.ts';

const env = {
  DATABASE_URL: 'mysql://u:p@127.0.0.1:3306/wallet',
  KAFKA_BROKERS: '127.0.0.1:9092, 127.0.0.1:9093',
  REDIS_URL: 'redis://127.0.0.1:6379',
  GRPC_ADDRESS: '127.0.0.1:5001',
  INTERNAL_ADDRESS: '127.0.0.1:5002',
  LOG_LEVEL: '',
};

it('reads lists, fills in defaults, and takes empty for not set', () => {
  expect(parseConfig(serviceEnv, env)).toEqual({
    config: {
      ...env,
      KAFKA_BROKERS: ['127.0.0.1:9092', '127.0.0.1:9093'],
      LOG_LEVEL: 'info',
      TOPIC_PREFIX: '',
      GRPC_REFLECTION: 'off',
      CONSUMER_SESSION_MS: 10_000,
      IDEMPOTENCY_HOURS: 48,
      INSTANCE_ID: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
    },
  });
});

it('names all mistakes', () => {
  const result = parseConfig(serviceEnv, {
    ...env,
    DATABASE_URL: undefined,
    GRPC_ADDRESS: 'nowhere',
    GRPC_REFLECTION: 'true',
    KAFKA_BROKERS: 'a:1,b',
  });
  expect(result).toEqual({
    mistakes: expect.arrayContaining([
      'DATABASE_URL: is not set',
      'GRPC_ADDRESS: must be host:port',
      expect.stringMatching(/^GRPC_REFLECTION: .*"on".*"off"/),
      'KAFKA_BROKERS: must be host:port',
    ]) as string[],
  });
});
