import type { Outbox } from '@jumun/messaging';
import { catalog } from '@jumun/protos';
import type { Database } from '@jumun/service-kit';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { adjustStock } from './adjust-stock/adjust-stock.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import { createProduct } from './products/create-product.ts';
import { getProduct, listProducts } from './products/list-products.ts';
import { quoteBaskets } from './quote/quote-baskets.ts';

export interface CatalogParts {
  readonly db: Database;
  readonly prisma: PrismaClient;
  readonly outbox: Outbox;
}

export const CATALOG_PARTS = Symbol('catalog parts');
const SERVICE = 'CatalogService';

/** The gRPC face: each method is one use case. */
@Controller()
export class CatalogController {
  constructor(@Inject(CATALOG_PARTS) private readonly parts: CatalogParts) {}

  @GrpcMethod(SERVICE, 'ListProducts')
  listProducts(request: catalog.ListProductsRequest): Promise<catalog.ListProductsResponse> {
    return listProducts(this.parts, request);
  }

  @GrpcMethod(SERVICE, 'GetProduct')
  getProduct(request: catalog.GetProductRequest): Promise<catalog.GetProductResponse> {
    return getProduct(this.parts, request);
  }

  @GrpcMethod(SERVICE, 'CreateProduct')
  async createProduct(request: catalog.CreateProductRequest): Promise<catalog.CreateProductResponse> {
    const outcome = await createProduct(this.parts.db, request);
    return catalog.CreateProductResponse.fromPartial(
      'refused' in outcome
        ? { outcome: { $case: 'refused', refused: outcome.refused } }
        : { outcome: { $case: 'created', created: outcome.effect }, replayed: outcome.replayed },
    );
  }

  @GrpcMethod(SERVICE, 'AdjustStock')
  async adjustStock(request: catalog.AdjustStockRequest): Promise<catalog.AdjustStockResponse> {
    const outcome = await adjustStock(this.parts, request);
    return catalog.AdjustStockResponse.fromPartial(
      'refused' in outcome
        ? { outcome: { $case: 'refused', refused: outcome.refused } }
        : { outcome: { $case: 'adjusted', adjusted: outcome.effect }, replayed: outcome.replayed },
    );
  }

  @GrpcMethod(SERVICE, 'QuoteBaskets')
  quoteBaskets(request: catalog.QuoteBasketsRequest): Promise<catalog.QuoteBasketsResponse> {
    return quoteBaskets(this.parts.db, request);
  }
}
