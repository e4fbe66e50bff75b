import { coupon } from '@jumun/protos';
import type { Database } from '@jumun/service-kit';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { createCouponEvent } from './create-event/create-coupon-event.ts';
import type { IssueCoupon } from './issue/issue.ts';
import { listCoupons } from './list/list-coupons.ts';
import { quoteCoupons } from './quote/quote-coupons.ts';

export interface CouponParts {
  readonly db: Database;
  readonly issue: IssueCoupon;
}

export const COUPON_PARTS = Symbol('coupon parts');
const SERVICE = 'CouponService';

/** The gRPC face: each method is one use case. */
@Controller()
export class CouponController {
  constructor(@Inject(COUPON_PARTS) private readonly parts: CouponParts) {}

  @GrpcMethod(SERVICE, 'CreateCouponEvent')
  async createCouponEvent(request: coupon.CreateCouponEventRequest): Promise<coupon.CreateCouponEventResponse> {
    const outcome = await createCouponEvent(this.parts.db, request);
    return coupon.CreateCouponEventResponse.fromPartial(
      'refused' in outcome
        ? { outcome: { $case: 'refused', refused: outcome.refused } }
        : { outcome: { $case: 'created', created: outcome.effect }, replayed: outcome.replayed },
    );
  }

  @GrpcMethod(SERVICE, 'IssueCoupon')
  async issueCoupon(request: coupon.IssueCouponRequest): Promise<coupon.IssueCouponResponse> {
    const outcome = await this.parts.issue(request);
    return coupon.IssueCouponResponse.fromPartial(
      'refused' in outcome
        ? { outcome: { $case: 'refused', refused: outcome.refused } }
        : { outcome: { $case: 'issued', issued: outcome.effect }, replayed: outcome.replayed },
    );
  }

  @GrpcMethod(SERVICE, 'ListCoupons')
  async listCoupons(request: coupon.ListCouponsRequest): Promise<coupon.ListCouponsResponse> {
    const result = await listCoupons(this.parts.db, request);
    return coupon.ListCouponsResponse.fromPartial({
      outcome: 'refused' in result ? { $case: 'refused', refused: result.refused } : { $case: 'page', page: result },
    });
  }

  @GrpcMethod(SERVICE, 'QuoteCoupons')
  quoteCoupons(request: coupon.QuoteCouponsRequest): Promise<coupon.QuoteCouponsResponse> {
    return quoteCoupons(this.parts.db, request);
  }
}
