export { eventually } from './eventually.ts';
export { freshDatabase, type FreshDatabase } from './fresh-database.ts';
export { freshPrefix } from './fresh-prefix.ts';
export { infrastructure, type TestInfrastructure } from './infrastructure.ts';
