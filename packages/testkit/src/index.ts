export { eventually } from './eventually.ts';
export { explain } from './explain.ts';
export { freeAddress, freePort } from './free-port.ts';
export { freshDatabase, type FreshDatabase } from './fresh-database.ts';
export { freshPrefix } from './fresh-prefix.ts';
export { infrastructure, type TestInfrastructure } from './infrastructure.ts';
export { lostOnce } from './lost-once.ts';
export { reflect, type Reflection } from './reflect.ts';
export { killLeftovers, type RunningService, startService, type StartService } from './running-service.ts';
