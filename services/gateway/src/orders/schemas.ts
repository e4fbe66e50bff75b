import { Id, Int, Named, OneOf, Page, Strict, Time, Type, Won } from '../http/schema.ts';
import type { FieldError } from '../problems/problem.ts';

export const ORDER_STATUSES = ['PENDING', 'VALIDATING', 'PROCESSING', 'COMPLETED', 'CANCELLED'] as const;
const PAYMENT_MODES = ['IMMEDIATE'] as const;

export const newOrder = Named(
  'NewOrder',
  Strict({
    items: Type.Array(
      Strict({
        productId: Type.Optional(Id('A product that has exactly one option; or else `optionId`.')),
        optionId: Type.Optional(Id()),
        quantity: Int(1, 9_999),
      }),
      { minItems: 1, maxItems: 100 },
    ),
    couponId: Type.Optional(Id()),
    paymentMode: Type.Optional(OneOf(PAYMENT_MODES, 'Default `IMMEDIATE`.')),
  }),
);

/** Each line names a product or an option, one of the two. */
export const newOrderRules = ({ items }: Readonly<Record<string, unknown>>): readonly FieldError[] => {
  if (!Array.isArray(items) || items.length > 100) return [];
  const errors: FieldError[] = [];
  for (let i = 0; i < items.length; i++) {
    const item: unknown = items[i];
    if (typeof item !== 'object' || item === null || Array.isArray(item)) continue;
    const { productId, optionId } = item as Record<string, unknown>;
    if ((productId === undefined) !== (optionId === undefined)) continue;
    const message = productId === undefined ? 'is required, or optionId' : 'must not stand beside optionId: give one of the two';
    errors.push({ path: `/items/${i}/productId`, message });
  }
  return errors;
};

const line = Named(
  'OrderLine',
  Type.Object({
    productId: Id(),
    optionId: Id(),
    name: Type.String(),
    unitPrice: Won('Won, frozen when the order was accepted.'),
    quantity: Type.Integer(),
    cancelledQuantity: Type.Integer(),
    discountShare: Won(),
  }),
);

export const order = Named(
  'Order',
  Type.Object({
    id: Id(),
    status: OneOf(ORDER_STATUSES),
    reason: Type.Optional(
      Type.Object(
        { code: Type.String() },
        { additionalProperties: true, description: 'Why it was cancelled: the members of the problem with this code.' },
      ),
    ),
    paymentMode: OneOf(PAYMENT_MODES),
    items: Type.Array(line),
    subtotal: Won(),
    discount: Won(),
    total: Won(),
    refunded: Won(),
    couponId: Type.Optional(Id()),
    payment: Type.Object({ status: OneOf(['PENDING', 'SUCCESS', 'FAILED', 'REFUNDED']), paidAt: Type.Optional(Time()) }),
    createdAt: Time(),
    completedAt: Type.Optional(Time()),
    cancelledAt: Type.Optional(Time()),
  }),
);
export const orderPage = Page('OrderPage', order);

export const timeline = Named(
  'Timeline',
  Type.Object({
    items: Type.Array(
      Type.Object({
        at: Time(),
        source: Type.String({ description: 'Who did it, such as `inventory`.' }),
        kind: Type.String({ description: 'What happened, such as `StockReserved`.' }),
        detail: Type.Object({}, { additionalProperties: true }),
      }),
    ),
  }),
);
