import { catalog, enumName } from '@jumun/protos';
import type { Static } from '../http/schema.ts';
import type { product, productDetail, StatusName } from './schemas.ts';

/** A product as lists show it; administrators also see what is on hand and reserved. */
export const productView = (from: catalog.Product, toAdmin: boolean): Static<typeof product> => ({
  id: from.id,
  name: from.name,
  category: from.category,
  price: from.price,
  status: enumName(catalog.ProductStatus, from.status) as StatusName,
  stock: from.stock,
  options: from.options.map(({ id, name, price, stock, onHand, reserved }) => ({
    id,
    name,
    price,
    stock,
    ...(toAdmin ? { onHand, reserved } : {}),
  })),
});

export const productDetailView = (from: catalog.Product, toAdmin: boolean): Static<typeof productDetail> => ({
  ...productView(from, toAdmin),
  description: from.description,
});
