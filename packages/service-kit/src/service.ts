import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import type { Server } from '@grpc/grpc-js';
import type { z } from 'zod';
import { ConfigurationError, loadConfig, type serviceEnv } from './config.ts';
import { databaseRefusal } from './database-refusal.ts';
import { addHealth, addReflection, drain, type GrpcDefinitions, packageDefinitionOf, packagesOf, traceHandlers } from './grpc-server.ts';
import { grpcErrors } from './grpc-errors.ts';
import { type Lifecycle, runProcess } from './lifecycle.ts';
import { createLogger } from './log.ts';
import { nestLogger } from './nest-logger.ts';
import { type Database, openDatabase } from './tx.ts';

export type ServiceConfig = z.infer<typeof serviceEnv>;

export interface ServiceContext<C extends ServiceConfig> extends Lifecycle {
  readonly config: C;
  /** Open and answering; closed as the last thing of all. */
  readonly db: Database;
}

export interface ServiceOptions<C extends ServiceConfig> {
  name: string;
  /** `serviceEnv`, or an extension of it. */
  env: z.ZodType<C>;
  grpc: {
    definitions: GrpcDefinitions;
    /** What `buf build` writes: served through gRPC reflection, when GRPC_REFLECTION is on. */
    descriptorSet?: () => Uint8Array;
  };
  /**
   * Opens everything else (bus, consumers, Redis), registering `readyWhen` and `onStop` as it goes, and answers the Nest module with the
   * controllers. The gRPC server starts after it and is drained before the hooks registered here run.
   */
  module: (context: ServiceContext<C>) => Promise<Type | DynamicModule> | Type | DynamicModule;
}

const DRAIN_MS = 3_000; // of the ten seconds that a stop may take: whoever waits for longer asks again elsewhere
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024; // a full batch of large orders is about 1 MB

const startGrpc = async (
  module: Type | DynamicModule,
  { GRPC_ADDRESS, GRPC_REFLECTION }: ServiceConfig,
  { definitions, descriptorSet }: ServiceOptions<never>['grpc'],
  lifecycle: Lifecycle,
): Promise<void> => {
  const services = Object.keys(definitions);
  let stop = async (): Promise<void> => {};
  let serving: (yes: boolean) => void = () => {};
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
    logger: nestLogger(lifecycle.logger),
    abortOnError: false,
    transport: Transport.GRPC,
    options: {
      url: GRPC_ADDRESS,
      package: packagesOf(definitions),
      packageDefinition: packageDefinitionOf(definitions),
      maxReceiveMessageLength: MESSAGE_BYTES_MAX,
      maxSendMessageLength: MESSAGE_BYTES_MAX,
      onLoadPackageDefinition: (_: unknown, server: Server) => {
        traceHandlers(server);
        ({ serving } = addHealth(server, services));
        if (GRPC_REFLECTION === 'on' && descriptorSet !== undefined) addReflection(server, services, descriptorSet());
        stop = () => drain(server, DRAIN_MS);
      },
    },
  });
  app.useGlobalFilters(grpcErrors(lifecycle.logger));
  await app.listen();
  serving(true);
  lifecycle.onStop('gRPC server', async () => {
    serving(false);
    await stop();
    await app.close();
  });
};

/** A service with a database and a gRPC server, from reading its environment to its exit code. */
export const runService = async <C extends ServiceConfig>({ name, env, grpc, module }: ServiceOptions<C>): Promise<void> => {
  const config = loadConfig(env);
  const logger = createLogger(name, config.LOG_LEVEL);
  await runProcess({ name, logger, internalAddress: config.INTERNAL_ADDRESS }, async (lifecycle) => {
    const refusal = await databaseRefusal(config.DATABASE_URL);
    if (refusal !== undefined) throw new ConfigurationError(`DATABASE_URL: ${refusal}`);
    const db = openDatabase(config.DATABASE_URL, { logger });
    lifecycle.onStop('database', () => db.close());
    lifecycle.readyWhen('database', () => db.ping());
    await db.ping();
    await startGrpc(await module({ ...lifecycle, config, db }), config, grpc, lifecycle);
  });
};
