export { seedAdmin, seedUsers } from './seed.ts';
