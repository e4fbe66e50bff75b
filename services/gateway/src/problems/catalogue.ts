import type { RefusalKind } from '@jumun/protos';

/** What a code means: the answer's status and texts, and its entry in `/docs/errors`. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** When it is answered, and what a client can do. Also the `detail` of an answer that has nothing more precise to say. */
  readonly meaning: string;
  /** Members beside the usual ones. */
  readonly data?: readonly string[];
  /** Seconds after which trying again makes sense. */
  readonly retryAfterS?: number;
}

type UpperSnake<S extends string> = S extends `${infer C}${infer Rest}`
  ? `${C extends Lowercase<C> ? '' : '_'}${Uppercase<C>}${UpperSnake<Rest>}`
  : '';
/** The codes of the services' refusals: a new one does not compile before it stands here. */
type RefusalCode = UpperSnake<RefusalKind>;
type GatewayCode =
  | 'IDEMPOTENCY_KEY_REQUIRED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'RATE_LIMITED';
export type ProblemCode = RefusalCode | GatewayCode;

const kind = (
  status: number,
  title: string,
  meaning: string,
  more: { data?: readonly string[]; retryAfterS?: number } = {},
): ProblemKind => ({
  status,
  title,
  meaning,
  ...more,
});

export const problemKinds: Readonly<Record<ProblemCode, ProblemKind>> = {
  INVALID_REQUEST: kind(400, 'Invalid request', 'Something in the request is not as it must be; `errors` lists it, up to 100 of it.', {
    data: ['errors'],
  }),
  IDEMPOTENCY_KEY_REQUIRED: kind(
    400,
    'Idempotency-Key required',
    'This call needs an `Idempotency-Key` header: send a fresh key for each intent, and the same one when trying again.',
  ),
  IDEMPOTENCY_KEY_REUSED: kind(
    422,
    'Idempotency-Key reused',
    'The key belongs to an earlier call with another body; use a fresh key for a new intent.',
  ),
  IDEMPOTENCY_IN_PROGRESS: kind(
    409,
    'Still in progress',
    'The first call with this key is still running; ask again with the same key after `Retry-After` seconds.',
    { retryAfterS: 1 },
  ),
  UNAUTHENTICATED: kind(
    401,
    'Not signed in',
    'The call needs an access token: `Authorization: Bearer <token>`. There was none, or it is broken or has run out.',
  ),
  FORBIDDEN: kind(403, 'Not allowed', 'The call is for administrators.'),
  NOT_FOUND: kind(404, 'Not found', 'There is nothing at this address.'),
  METHOD_NOT_ALLOWED: kind(405, 'Method not allowed', 'The address exists, but not with this method; `Allow` names those that it has.'),
  PAYLOAD_TOO_LARGE: kind(413, 'Payload too large', 'The body is larger than 256 KiB.'),
  UNSUPPORTED_MEDIA_TYPE: kind(
    415,
    'Unsupported media type',
    'Bodies are JSON in UTF-8: `Content-Type: application/json`, not compressed.',
  ),
  RATE_LIMITED: kind(429, 'Too many requests', 'More calls than the limit allows; go on after `Retry-After` seconds.', { retryAfterS: 1 }),
  INTERNAL: kind(500, 'Internal error', 'A mistake of ours. It is logged under the `requestId`.'),
  OVERLOADED: kind(503, 'Overloaded', 'More work than can be done in time. Nothing was changed; try again after `Retry-After` seconds.', {
    retryAfterS: 1,
  }),
  UNAVAILABLE: kind(
    503,
    'Unavailable',
    'A part of the system does not answer. What became of the call is not known: try again, with the same `Idempotency-Key` where the call takes one.',
    { retryAfterS: 2 },
  ),

  LOGIN_ID_TAKEN: kind(409, 'Login id taken', 'Somebody has this login id already.'),
  INVALID_CREDENTIALS: kind(401, 'Invalid credentials', 'There is no such login id, or the password is another.'),
  INVALID_REFRESH_TOKEN: kind(
    401,
    'Invalid refresh token',
    'The refresh token is unknown, spent or past its time; sign in again. Using a spent one ends its session.',
  ),

  INVALID_CHARGE_UNIT: kind(400, 'Invalid charge unit', 'A charge must be a multiple of `unit` won.', { data: ['unit'] }),
  CHARGE_LIMIT_EXCEEDED: kind(400, 'Charge limit exceeded', 'At most `limit` won can be charged at once.', { data: ['limit'] }),
  BALANCE_LIMIT_EXCEEDED: kind(
    400,
    'Balance limit exceeded',
    'A wallet holds at most `limit` won; with this charge it would hold more than that. It holds `balance` now.',
    { data: ['limit', 'balance'] },
  ),
  INSUFFICIENT_BALANCE: kind(
    400,
    'Insufficient balance',
    'The wallet holds `balance` won, the order costs `required`; `shortBy` are missing.',
    { data: ['balance', 'required', 'shortBy', 'orderId'] },
  ),

  PRODUCT_NOT_FOUND: kind(404, 'Product not found', 'There is no such product or option.', { data: ['productId', 'orderId'] }),
  PRODUCT_NOT_ON_SALE: kind(409, 'Product not on sale', 'The product is not being sold at the moment.', {
    data: ['productId', 'orderId'],
  }),
  OUT_OF_STOCK: kind(
    400,
    'Out of stock',
    'There is less in stock than was ordered; `shortages` names each option, the first also stands at top level.',
    { data: ['shortages', 'productId', 'optionId', 'requested', 'available', 'orderId'] },
  ),
  OPTION_NOT_FOUND: kind(404, 'Option not found', 'There is no such option.'),
  STOCK_RESERVED: kind(409, 'Stock reserved', 'Open orders hold `reserved` units; on hand cannot go below that.', { data: ['reserved'] }),

  COUPON_EVENT_NOT_FOUND: kind(404, 'Coupon event not found', 'There is no such coupon event.'),
  COUPON_EVENT_NOT_OPEN: kind(409, 'Coupon event not open', 'The event has not opened yet, or is closed.'),
  COUPON_ALREADY_ISSUED: kind(409, 'Coupon already issued', 'You have a coupon of this event: `couponId`.', { data: ['couponId'] }),
  COUPON_EXHAUSTED: kind(409, 'Coupons exhausted', 'All coupons of this event are gone.'),
  COUPON_NOT_FOUND: kind(404, 'Coupon not found', 'You have no such coupon.', { data: ['orderId'] }),
  COUPON_ALREADY_USED: kind(409, 'Coupon already used', 'The coupon is used up, or held by another order of yours: `couponStatus`.', {
    data: ['couponStatus', 'orderId'],
  }),
  COUPON_EXPIRED: kind(409, 'Coupon expired', 'The coupon is past its time.', { data: ['orderId'] }),
  COUPON_NOT_APPLICABLE: kind(400, 'Coupon not applicable', 'The order is smaller than the coupon asks for: `minOrderAmount` won.', {
    data: ['minOrderAmount'],
  }),

  ORDER_NOT_FOUND: kind(404, 'Order not found', 'You have no such order.'),
};

export const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problemKinds, code);
