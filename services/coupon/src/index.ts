export { seedCoupons, type SeededCoupon } from './seed.ts';
