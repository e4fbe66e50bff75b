// A whole service for `service.int.spec.ts`, run as a process of its own on the built package. Decorators are applied by hand: Node strips
// types, it compiles nothing.
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Controller, Module } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { currentTrace, faultPoint, grpcError, OverloadedError, serviceEnv, status, TransientError } from '@jumun/service-kit';
import { runService } from '@jumun/service-kit/service';
import { z } from 'zod';
import { EchoService, type Saying } from './echo.ts';

const saying = (text: string): Saying => ({ $type: 'kit.test.v1.Saying', text });

class EchoController {
  async say({ text }: Saying): Promise<Saying> {
    switch (text) {
      case 'trace':
        await Promise.resolve();
        return saying(JSON.stringify(currentTrace()));
      case 'bug':
        throw new RangeError('a secret detail');
      case 'overloaded':
        throw new OverloadedError('full');
      case 'transient':
        throw new TransientError('later');
      case 'not found':
        throw grpcError(status.NOT_FOUND, 'no such thing');
      case 'slow':
        return new Promise(() => {});
      case 'leak':
        void Promise.reject(new Error('nobody looks at me'));
        return saying(text);
      default:
        await faultPoint('echo:say');
        return saying(text);
    }
  }

  chat(call: ServerDuplexStream<Saying, Saying>): void {
    call.on('data', ({ text }: Saying) => call.write(saying(text.toUpperCase())));
    call.on('end', () => call.end());
    call.on('error', () => {});
  }
}
const method = (name: 'say' | 'chat'): PropertyDescriptor =>
  Object.getOwnPropertyDescriptor(EchoController.prototype, name) as PropertyDescriptor;
GrpcMethod('Echo', 'Say')(EchoController.prototype, 'say', method('say'));
GrpcStreamCall('Echo', 'Chat')(EchoController.prototype, 'chat', method('chat'));
Controller()(EchoController);

class EchoModule {}
Module({ controllers: [EchoController] })(EchoModule);

await runService({
  name: 'echo',
  env: serviceEnv.extend({ HANG_AT_STOP: z.string().optional() }),
  grpc: { definitions: { 'kit.test.v1.Echo': EchoService } },
  module: ({ config, logger, onStop }) => {
    onStop('first', () => logger.info('first hook'));
    onStop('second', () => (config.HANG_AT_STOP === undefined ? logger.info('second hook') : new Promise(() => {})));
    return EchoModule;
  },
});
