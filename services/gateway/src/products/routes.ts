import { catalog } from '@jumun/protos';
import { etagOf, matchesEtag } from '../http/etag.ts';
import { type Call, created, ok, type Route, route } from '../http/route.ts';
import { problem } from '../problems/problem.ts';
import { refusedOr } from '../upstream/answers.ts';
import type { Ask } from '../upstream/ask.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import {
  adjustment,
  adjustmentRules,
  listQuery,
  newProduct,
  newProductRules,
  productDetail,
  productList,
  type sorts,
  stockLevel,
} from './schemas.ts';
import { productDetailView, productView } from './views.ts';

/** The only option of a product that was made without options. */
const ONLY_OPTION = 'Standard';

const sortOf: Readonly<Record<(typeof sorts)[number], catalog.ProductSort>> = {
  createdAt: catalog.ProductSort.CREATED_AT,
  '-createdAt': catalog.ProductSort.CREATED_AT_DESC,
  price: catalog.ProductSort.PRICE,
  '-price': catalog.ProductSort.PRICE_DESC,
  name: catalog.ProductSort.NAME,
  '-name': catalog.ProductSort.NAME_DESC,
};

const isAdmin = ({ caller }: Call): boolean => caller?.role === 'ADMIN';
/** What an answer depends on besides its address; a cache may keep it, and asks each time whether it still holds. */
const revalidated = { 'cache-control': 'no-cache', vary: 'Authorization' };

/** Products to everybody, and to administrators their making (api §4). */
export const productRoutes = ({ catalog: service }: Upstreams, ask: Ask): Route[] => [
  route({
    method: 'GET',
    path: '/v1/products',
    tag: 'Products',
    summary: 'Products',
    access: 'public',
    query: listQuery,
    answers: { 200: productList },
    refusals: [],
    handle: async (call) => {
      const { page = 1, size = 20, status, category, q, sort } = call.query;
      const request = {
        page,
        size,
        status: status && catalog.ProductStatus[status],
        category,
        query: q,
        sort: sortOf[sort ?? '-createdAt'],
        includePreparing: isAdmin(call),
      };
      const { items, total } = await ask((options) => service.listProducts(request, options), { again: true });
      return ok({ items: items.map((item) => productView(item, isAdmin(call))), page, size, total }, revalidated);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/products/{id}',
    tag: 'Products',
    summary: 'One product',
    access: 'public',
    unknownId: 'PRODUCT_NOT_FOUND',
    headers: { 'If-None-Match': 'The `ETag` of an earlier answer: 304 when it still holds.' },
    sends: { ETag: { text: 'For `If-None-Match`.', required: true } },
    answers: { 200: productDetail, 304: null },
    refusals: ['PRODUCT_NOT_FOUND'],
    handle: async (call) => {
      const request = { productId: call.id, includePreparing: isAdmin(call) };
      const { product } = await ask((options) => service.getProduct(request, options), { again: true });
      if (product === undefined) return problem('PRODUCT_NOT_FOUND', { productId: call.id });
      const body = productDetailView(product, isAdmin(call));
      const etag = etagOf(product.version, body);
      const headers = { ...revalidated, etag };
      return matchesEtag(call.ifNoneMatch, etag) ? { status: 304, headers } : ok(body, headers);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/products',
    tag: 'Products',
    summary: 'Make a product',
    access: 'admin',
    key: 'honoured',
    sends: { Location: { text: 'Where the product is.', required: true } },
    body: newProduct,
    rules: newProductRules,
    answers: { 201: productDetail },
    refusals: [],
    handle: async ({ body, idempotency }) => {
      const { name, description, category, price, status = 'ON_SALE', stock = 0, options = [{ name: ONLY_OPTION, stock }] } = body;
      const request = catalog.CreateProductRequest.fromPartial({
        idempotency,
        name,
        description,
        category,
        price,
        status: catalog.ProductStatus[status],
        options,
      });
      const { outcome, replayed } = await ask((callOptions) => service.createProduct(request, callOptions), {
        again: idempotency.key !== '',
      });
      if (outcome?.$case !== 'created') return refusedOr(outcome);
      return created(productDetailView(outcome.created, true), { replayed, location: `/v1/products/${outcome.created.id}` });
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/options/{id}/stock-adjustments',
    tag: 'Products',
    summary: 'Correct what is on hand',
    access: 'admin',
    key: 'honoured',
    unknownId: 'OPTION_NOT_FOUND',
    body: adjustment,
    rules: adjustmentRules,
    answers: { 201: stockLevel },
    refusals: ['OPTION_NOT_FOUND', 'STOCK_RESERVED'],
    handle: async ({ id: optionId, body, idempotency }) => {
      const request = { idempotency, optionId, ...body };
      const { outcome, replayed } = await ask((options) => service.adjustStock(request, options), { again: idempotency.key !== '' });
      if (outcome?.$case !== 'adjusted') return refusedOr(outcome);
      const { stock, onHand, reserved } = outcome.adjusted;
      return created({ optionId, stock, onHand, reserved }, { replayed });
    },
  }),
];
