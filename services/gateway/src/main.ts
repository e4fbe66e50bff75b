import '@jumun/service-kit/node-24';
import 'reflect-metadata';
import { createLogger, loadConfig, parseAddress, runProcess } from '@jumun/service-kit';
import { gatewayEnv } from './config.ts';
import { openGateway } from './gateway.ts';

/** Of the ten seconds that a stop may take. */
const GRACE_MS = 5_000;

const config = loadConfig(gatewayEnv);
const logger = createLogger('gateway', config.LOG_LEVEL);

await runProcess({ name: 'gateway', logger, internalAddress: config.INTERNAL_ADDRESS }, async ({ stopping, readyWhen, onStop }) => {
  const gateway = await openGateway(config, logger, () => stopping.aborted);
  await gateway.app.listen(parseAddress(config.HTTP_ADDRESS));
  onStop('HTTP server', () => gateway.stop(GRACE_MS));
  readyWhen('services behind', () => gateway.reachedAll());
});
