import { readFileSync } from 'node:fs';
import { Metadata, type Server, type ServiceError, status, type UntypedHandleCall, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { OverloadedError } from './errors.ts';
import { splitDescriptorSet } from './descriptor-set.ts';
import type { GrpcServiceDefinition } from './grpc-client.ts';
import { childTraceparent, withTrace } from './trace.ts';
import { isTransient } from './transient.ts';

export { status };

/** Full service name → its generated definition, e.g. `{ 'shop.v1.TillService': TillServiceService }`. */
export type GrpcDefinitions = Readonly<Record<string, GrpcServiceDefinition>>;

/** An error with a gRPC status, as a handler throws it and a client gets it. */
export const grpcError = (code: status, details: string, metadata = new Metadata()): ServiceError =>
  Object.assign(new Error(details), { code, details, metadata });

const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error &&
  typeof (error as Partial<ServiceError>).code === 'number' &&
  typeof (error as Partial<ServiceError>).details === 'string';

/** What the caller is told: own statuses pass, overload and transient failures by their names, bugs without any detail. */
export const toServiceError = (error: unknown): ServiceError => {
  if (isServiceError(error)) return error;
  if (error instanceof OverloadedError) return grpcError(status.RESOURCE_EXHAUSTED, 'OVERLOADED');
  if (isTransient(error)) return grpcError(status.UNAVAILABLE, 'try again');
  return grpcError(status.INTERNAL, 'internal error');
};

/** For Nest's `packageDefinition`: methods under their names in the proto file (`DebitWallet`), which is what `@GrpcMethod` says. */
export const packageDefinitionOf = (definitions: GrpcDefinitions): Record<string, GrpcServiceDefinition> =>
  Object.fromEntries(
    Object.entries(definitions).map(([service, methods]) => [
      service,
      Object.fromEntries(Object.values(methods).map((method) => [method.path.slice(method.path.lastIndexOf('/') + 1), method])),
    ]),
  );

/** The proto packages of the services: what Nest is told to serve. */
export const packagesOf = (definitions: GrpcDefinitions): string[] => [
  ...new Set(Object.keys(definitions).map((service) => service.slice(0, service.lastIndexOf('.')))),
];

const first = (metadata: Metadata, key: string): string | undefined => {
  const [value] = metadata.get(key);
  return typeof value === 'string' ? value : undefined;
};

/** Every handler runs in the trace of its caller. Done below Nest, where it costs one function call instead of an interceptor chain. */
export const traceHandlers = (server: Server): void => {
  const addService = server.addService.bind(server);
  const traced =
    (handler: UntypedHandleCall) =>
    (...args: unknown[]): void => {
      const { metadata } = args[0] as { metadata: Metadata };
      const context = { traceparent: childTraceparent(first(metadata, 'traceparent')), requestId: first(metadata, 'x-request-id') };
      withTrace(context, () => (handler as (...args: unknown[]) => void)(...args));
    };
  server.addService = (definition, handlers) => {
    const wrapped = Object.entries(handlers).map(([name, handler]) => [name, traced(handler)] as const);
    addService(definition, Object.fromEntries(wrapped) as UntypedServiceImplementation);
  };
};

/** The standard health service (`grpc.health.v1`); starts as not serving. */
export const addHealth = (server: Server, services: readonly string[]): { serving: (yes: boolean) => void } => {
  const names = ['', ...services];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'NOT_SERVING' as const])));
  health.addToServer(server);
  return { serving: (yes) => names.forEach((name) => health.setStatus(name, yes ? 'SERVING' : 'NOT_SERVING')) };
};

/** What every server offers beside its own services; described by the build. */
const STANDARD_SERVICES = ['grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];
const standardSet = (): Uint8Array => readFileSync(new URL('../dist/standard-services.binpb', import.meta.url));

/** Server reflection, for grpcurl and the like: it describes `services` and the standard ones. `descriptorSet` is what `buf build` writes. */
export const addReflection = (server: Server, services: readonly string[], descriptorSet: Uint8Array): void => {
  type Package = ConstructorParameters<typeof ReflectionService>[0];
  const files = { files: { fileDescriptorProtos: [...splitDescriptorSet(standardSet()), ...splitDescriptorSet(descriptorSet)] } };
  new ReflectionService(files as unknown as Package, { services: [...services, ...STANDARD_SERVICES] }).addToServer(server);
};

/** No new calls; open ones may end within `graceMs`, then their connections are cut. */
export const drain = async (server: Server, graceMs: number): Promise<void> => {
  const cut = setTimeout(() => server.forceShutdown(), graceMs);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(cut);
};
