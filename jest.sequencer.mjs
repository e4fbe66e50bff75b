import Sequencer from '@jest/test-sequencer';

/** They take half a minute to three minutes each: begun last, one of them would hold up the end alone. */
const LONG = [
  'packages/messaging/test/killed',
  'services/order-orchestrator/src/faults',
  'tests/scenarios/commands',
  'services/order-orchestrator/src/orders',
  'tests/scenarios/exactness',
  'packages/service-kit/src/service',
  'packages/messaging/test/outage',
  'packages/messaging/test/stop',
  'infra/infrastructure',
  'services/gateway/src/upstream/failures',
  'packages/saga/test/model',
];
const place = ({ path }) => {
  const long = LONG.findIndex((part) => path.includes(part));
  return long >= 0 ? long : path.includes('.int.spec.') ? LONG.length : LONG.length + 1;
};

/** Long tests first, then those that use servers, then the rest; on a fresh machine jest knows no durations, only sizes of files. */
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    return [...(await super.sort(tests))].sort((a, b) => place(a) - place(b));
  }
}
