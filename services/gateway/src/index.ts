export { type GatewayConfig, gatewayEnv } from './config.ts';
export { type Gateway, openGateway } from './gateway.ts';
