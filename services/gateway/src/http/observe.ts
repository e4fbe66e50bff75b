import { Histogram, type Logger, registry, traceIdOf } from '@jumun/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sparing } from './sparing.ts';

/** Slow or failed requests that are told in a second: a line costs about as much as a tenth of an order. */
const TOLD_MAX = 20;

const METRIC = 'http_server_request_duration_seconds';

const durations = (): Histogram =>
  (registry.getSingleMetric(METRIC) as Histogram | undefined) ??
  new Histogram({
    name: METRIC,
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
    registers: [registry],
  });

/** Measures every answer, and logs those that a person should see: 5xx and slow ones at info, some a second of them; the rest at debug. */
export const observe = (server: FastifyInstance, logger: Logger, slowMs: number): void => {
  const histogram = durations();
  const leftOutBefore = sparing(TOLD_MAX);
  server.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const { method, state } = request;
    const { statusCode, elapsedTime } = reply;
    const route = state.path ?? 'none';
    histogram.observe({ http_request_method: method, http_route: route, http_response_status_code: statusCode }, elapsedTime / 1000);
    const isNotable = statusCode >= 500 || elapsedTime > slowMs;
    const level = isNotable ? 'info' : 'debug';
    const leftOut = isNotable ? leftOutBefore() : 0;
    if (leftOut !== undefined && logger.isLevelEnabled(level))
      logger[level](
        {
          method,
          route,
          status: statusCode,
          ms: Math.round(elapsedTime),
          request_id: request.id,
          trace_id: traceIdOf(state.trace.traceparent),
          ...(leftOut > 0 && { left_out: leftOut }),
        },
        'request',
      );
    done();
  });
};
