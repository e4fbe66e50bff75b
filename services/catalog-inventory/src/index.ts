export { seedProducts, type SeededProduct } from './seed.ts';
