import { FastifyAdapter } from '@nestjs/platform-fastify';

/**
 * Nest over our Fastify: it wires and runs the life cycle, while routes, parsing, 404s and errors are what `http/` sets up. Middleware in the
 * style of Express costs every request something and is not used.
 */
export class GatewayAdapter extends FastifyAdapter {
  override init(): Promise<void> {
    return Promise.resolve();
  }
  override setErrorHandler(): ReturnType<FastifyAdapter['setErrorHandler']> {
    return this.instance;
  }
  override setNotFoundHandler(): ReturnType<FastifyAdapter['setNotFoundHandler']> {
    return this.instance;
  }
}
