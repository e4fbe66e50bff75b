import { type DestinationStream, pino, type Logger } from 'pino';
import { currentTrace, traceIdOf } from './trace.ts';

export type { Logger };

const SECRET_NAMES = ['password', 'token', 'authorization', 'Authorization', 'secret', 'key', 'cookie'];

/** What waits for room on a full disk, in characters; later lines are lost until then. */
const WAITING_MAX = 1 << 20;

/** stdout, where a line is out when the call returns, and where one that cannot be written is no failure of whoever wanted to say it. */
const output = (): DestinationStream => pino.destination({ dest: 1, sync: true, maxLength: WAITING_MAX }).on('error', () => {});

/**
 * One JSON line per entry on stdout: ISO time, level by name, the trace and request at hand; secrets are blanked up to two levels down.
 * A line is out when the call returns: pino's own default hands it to a thread, and a process that ends meanwhile loses it or says it last.
 */
export const createLogger = (name: string, level = 'info'): Logger =>
  pino(
    {
      name,
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_NAMES.flatMap((secret) => [secret, `*.${secret}`, `*.*.${secret}`]), censor: '[redacted]' },
      mixin: () => {
        const { traceparent, requestId } = currentTrace();
        return { trace_id: traceIdOf(traceparent), request_id: requestId };
      },
    },
    output(),
  );
