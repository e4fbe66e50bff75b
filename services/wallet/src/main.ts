import 'reflect-metadata';
import { wallet } from '@jumun/protos';
import { runService } from '@jumun/service-kit';
import { walletEnv } from './config.ts';
import { walletModule } from './wallet.module.ts';

await runService({
  name: 'wallet',
  env: walletEnv,
  grpc: { definitions: { 'jumun.wallet.v1.WalletService': wallet.WalletServiceService } },
  module: walletModule,
});
