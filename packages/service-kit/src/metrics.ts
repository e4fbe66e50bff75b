import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export { Counter, Gauge, Histogram };

/** How often the event loop's delay is looked at. Every 10 ms, as is usual, is what an idle process would spend most of its CPU on (0.8 % of a core). */
const LOOK_EVERY_MS = 100;

/** The one registry of the process; pass it as `registers: [registry]` to every metric. */
export const registry = new Registry();

let collecting = false;

/** CPU, memory, garbage collection and event-loop lag (`nodejs_eventloop_lag_*_seconds`) of this process; safe to call twice. */
export const collectProcessMetrics = (): void => {
  if (collecting) return;
  collecting = true;
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOK_EVERY_MS });
};
