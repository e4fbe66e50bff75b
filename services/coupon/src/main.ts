import '@jumun/service-kit/node-24';
import 'reflect-metadata';
import { coupon, descriptorSet } from '@jumun/protos';
import { runService } from '@jumun/service-kit/service';
import { couponEnv } from './config.ts';
import { couponModule } from './coupon.module.ts';

await runService({
  name: 'coupon',
  env: couponEnv,
  grpc: { definitions: { 'jumun.coupon.v1.CouponService': coupon.CouponServiceService }, descriptorSet },
  module: couponModule,
});
