import type { ServerDuplexStream } from '@grpc/grpc-js';
import { orders } from '@jumun/protos';
import type { Database } from '@jumun/service-kit';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import type { Place } from './accept/place.ts';
import { answerInBatches } from './accept/answers.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import { getOrder, getTimeline, listOrders } from './reads/reads.ts';

export interface OrdersParts {
  readonly db: Database;
  readonly prisma: PrismaClient;
  readonly place: Place;
  /** Aborted when the process begins to stop. */
  readonly stopping: AbortSignal;
}

export const ORDERS_PARTS = Symbol('orders parts');
const SERVICE = 'OrderService';

/** The gRPC face: each method is one use case. */
@Controller()
export class OrdersController {
  constructor(@Inject(ORDERS_PARTS) private readonly parts: OrdersParts) {}

  @GrpcStreamCall(SERVICE, 'PlaceOrders')
  placeOrders(call: ServerDuplexStream<orders.PlaceOrdersRequest, orders.PlaceOrdersResponse>): void {
    answerInBatches(call, this.parts.place, this.parts.stopping);
  }

  @GrpcMethod(SERVICE, 'GetOrder')
  getOrder(request: orders.GetOrderRequest): Promise<orders.GetOrderResponse> {
    return getOrder(this.parts.db, request);
  }

  @GrpcMethod(SERVICE, 'ListOrders')
  async listOrders(request: orders.ListOrdersRequest): Promise<orders.ListOrdersResponse> {
    const result = await listOrders(this.parts, request);
    return orders.ListOrdersResponse.fromPartial({
      outcome: 'refused' in result ? { $case: 'refused', refused: result.refused } : { $case: 'page', page: result },
    });
  }

  @GrpcMethod(SERVICE, 'GetTimeline')
  getTimeline(request: orders.GetTimelineRequest): Promise<orders.GetTimelineResponse> {
    return getTimeline(this.parts, request);
  }
}
