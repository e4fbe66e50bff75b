import '@jumun/service-kit/node-24';
import 'reflect-metadata';
import { descriptorSet, orders } from '@jumun/protos';
import { runService } from '@jumun/service-kit/service';
import { orchestratorEnv } from './config.ts';
import { orderOrchestratorModule } from './order-orchestrator.module.ts';

await runService({
  name: 'order-orchestrator',
  env: orchestratorEnv,
  grpc: { definitions: { 'jumun.orders.v1.OrderService': orders.OrderServiceService }, descriptorSet },
  module: orderOrchestratorModule,
});
