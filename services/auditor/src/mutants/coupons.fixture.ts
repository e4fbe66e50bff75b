import { COUPON, EVENT, FAILED, id, PAID, USER } from '../books.fixture.ts';
import { answered, type Mutant, on } from './mutant.fixture.ts';

export const COUPONS: readonly Mutant[] = [
  {
    red: 'coupons.issued-counted',
    because: 'two grants took the same place',
    tamper: on('coupon', 'UPDATE coupon_events SET issued = 2'),
  },
  {
    red: 'coupons.issued-counted',
    because: 'more were issued than there are',
    tamper: on('coupon', 'UPDATE coupon_events SET total_quantity = 0'),
  },
  {
    red: 'coupons.issued-counted',
    because: 'a user was granted two, without the unique key of the coupons',
    tamper: on(
      'coupon',
      `INSERT INTO coupons (id, event_id, user_id, status, expires_at) VALUES ('${id('d3')}', '${EVENT}', '${USER}', 'AVAILABLE', '2027-02-01')`,
      'UPDATE coupon_events SET issued = 2',
    ),
  },
  {
    red: 'coupons.used-by-one-order',
    because: 'the coupon was given back although its order was completed',
    tamper: on(
      'coupon',
      `UPDATE coupons SET status = 'AVAILABLE', order_id = NULL WHERE id = '${COUPON}'`,
      `UPDATE inbox SET reply_type = 'jumun.coupon.v1.CouponReleased' WHERE id = '${PAID}/commit.coupon/1'`,
    ),
  },
  {
    red: 'coupons.used-by-one-order',
    because: 'the coupon was held for an order that went on without it',
    tamper: on('orders', `UPDATE orders SET coupon_id = '${id('d9')}' WHERE id = '${PAID}'`),
  },
  {
    red: 'coupons.used-by-one-order',
    because: 'a coupon was used by an order without one',
    tamper: on('orders', `UPDATE orders SET coupon_id = NULL WHERE id = '${PAID}'`),
  },
  {
    red: 'coupons.used-by-one-order',
    because: "another user's coupon was used",
    tamper: on(
      'coupon',
      `UPDATE coupons SET user_id = '${id('a3')}' WHERE id = '${COUPON}'`,
      `UPDATE idempotency SET caller = '${id('a3')}'`,
    ),
  },
  {
    red: 'coupons.used-by-one-order',
    because: 'a coupon is held by an order that was rolled back',
    tamper: on(
      'coupon',
      `INSERT INTO coupons (id, event_id, user_id, status, order_id, expires_at) VALUES ('${id('d3')}', '${EVENT}', '${id('a3')}', 'HELD', '${id('b7')}', '2027-02-01')`,
      'UPDATE coupon_events SET issued = 2',
      answered(`${id('b7')}/reserve.coupon/1`, 'jumun.coupon.v1.CouponHeld'),
    ),
  },
  {
    red: 'coupons.used-by-one-order',
    because: 'the compensation of its coupon was skipped',
    tamper: [
      ...on(
        'coupon',
        `INSERT INTO coupons (id, event_id, user_id, status, order_id, expires_at) VALUES ('${id('d3')}', '${EVENT}', '${id('a3')}', 'HELD', '${FAILED}', '2027-02-01')`,
        'UPDATE coupon_events SET issued = 2',
        answered(`${FAILED}/reserve.coupon/1`, 'jumun.coupon.v1.CouponHeld'),
      ),
      ...on('orders', `UPDATE orders SET coupon_id = '${id('d3')}', user_id = '${id('a3')}' WHERE id = '${FAILED}'`),
    ],
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a use ran without the inbox check',
    tamper: on('coupon', `DELETE FROM inbox WHERE id = '${PAID}/commit.coupon/1'`),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a hold ran without the inbox check',
    tamper: on('coupon', `DELETE FROM inbox WHERE id = '${PAID}/reserve.coupon/1'`),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a hold was carried out under two ids',
    tamper: on('coupon', answered(`${PAID}/reserve.coupon/2`, 'jumun.coupon.v1.CouponHeld')),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a hold was carried out under two ids, and undone once',
    tamper: on(
      'coupon',
      answered(`${FAILED}/reserve.coupon/1`, 'jumun.coupon.v1.CouponHeld'),
      answered(`${FAILED}/reserve.coupon/2`, 'jumun.coupon.v1.CouponHeld'),
      answered(`${FAILED}/reserve.coupon.undo/1`, 'jumun.coupon.v1.CouponReleased'),
    ),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a hold was answered before its transaction, which then rolled back',
    tamper: on('coupon', answered(`${FAILED}/reserve.coupon/1`, 'jumun.coupon.v1.CouponHeld')),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a use was answered before its transaction, which then rolled back',
    tamper: on('coupon', answered(`${FAILED}/commit.coupon/1`, 'jumun.coupon.v1.CouponUsed')),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a hold was answered without its effect, under an id that no saga makes',
    tamper: on('coupon', answered(id('b7'), 'jumun.coupon.v1.CouponHeld')),
  },
  {
    red: 'inbox.coupon.one-effect',
    because: 'a release was answered, but not carried out',
    tamper: on('coupon', answered(`${PAID}/reserve.coupon.undo/1`, 'jumun.coupon.v1.CouponReleased')),
  },
];
