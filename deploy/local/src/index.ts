export { Failure } from './failure.ts';
export type { Infrastructure, InfraConnection, InfraPorts } from './infra/connection.ts';
export { startInfrastructure, type InfraOptions } from './infra/start.ts';
export type { Handle } from './managed-process.ts';
export { freePorts } from './ports.ts';
