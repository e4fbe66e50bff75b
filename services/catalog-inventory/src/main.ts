import '@jumun/service-kit/node-24';
import 'reflect-metadata';
import { catalog, descriptorSet } from '@jumun/protos';
import { runService } from '@jumun/service-kit/service';
import { catalogInventoryModule } from './catalog-inventory.module.ts';
import { catalogEnv } from './config.ts';

await runService({
  name: 'catalog-inventory',
  env: catalogEnv,
  grpc: { definitions: { 'jumun.catalog.v1.CatalogService': catalog.CatalogServiceService }, descriptorSet },
  module: catalogInventoryModule,
});
