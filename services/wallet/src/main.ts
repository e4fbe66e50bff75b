import '@jumun/service-kit/node-24';
import 'reflect-metadata';
import { descriptorSet, wallet } from '@jumun/protos';
import { runService } from '@jumun/service-kit/service';
import { walletEnv } from './config.ts';
import { walletModule } from './wallet.module.ts';

await runService({
  name: 'wallet',
  env: walletEnv,
  grpc: { definitions: { 'jumun.wallet.v1.WalletService': wallet.WalletServiceService }, descriptorSet },
  module: walletModule,
});
