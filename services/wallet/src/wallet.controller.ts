import { wallet } from '@jumun/protos';
import type { Database } from '@jumun/service-kit';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { ChargeWallet } from './charge/charge.ts';
import type { PrismaClient } from './generated/prisma/client.ts';
import { getUser, getWallet, listTransactions, quoteBalances } from './reads/reads.ts';
import { createSession, endSession, refreshSession } from './sessions/sessions.ts';
import type { Passwords } from './users/passwords.ts';
import { createUser } from './users/users.ts';

export interface WalletParts {
  readonly db: Database;
  readonly prisma: PrismaClient;
  readonly passwords: Passwords;
  readonly sessionDays: number;
  readonly charge: ChargeWallet;
}

export const WALLET_PARTS = Symbol('wallet parts');
const SERVICE = 'WalletService';

/** The gRPC face: each method is one use case. */
@Controller()
export class WalletController {
  constructor(@Inject(WALLET_PARTS) private readonly parts: WalletParts) {}

  @GrpcMethod(SERVICE, 'CreateUser')
  async createUser(request: wallet.CreateUserRequest): Promise<wallet.CreateUserResponse> {
    const result = await createUser(this.parts.prisma, this.parts.passwords, request);
    return wallet.CreateUserResponse.fromPartial({
      outcome: 'refused' in result ? { $case: 'refused', refused: result.refused } : { $case: 'created', created: result },
    });
  }

  @GrpcMethod(SERVICE, 'CreateSession')
  async createSession(request: wallet.CreateSessionRequest): Promise<wallet.CreateSessionResponse> {
    const result = await createSession(this.parts.prisma, this.parts.passwords, this.parts.sessionDays, request);
    return wallet.CreateSessionResponse.fromPartial({
      outcome: 'refused' in result ? { $case: 'refused', refused: result.refused } : { $case: 'created', created: result },
    });
  }

  @GrpcMethod(SERVICE, 'RefreshSession')
  async refreshSession(request: wallet.RefreshSessionRequest): Promise<wallet.RefreshSessionResponse> {
    const result = await refreshSession(this.parts.prisma, request);
    return wallet.RefreshSessionResponse.fromPartial({
      outcome: 'refused' in result ? { $case: 'refused', refused: result.refused } : { $case: 'refreshed', refreshed: result },
    });
  }

  @GrpcMethod(SERVICE, 'EndSession')
  async endSession({ sessionId }: wallet.EndSessionRequest): Promise<wallet.EndSessionResponse> {
    await endSession(this.parts.prisma, sessionId);
    return wallet.EndSessionResponse.fromPartial({});
  }

  @GrpcMethod(SERVICE, 'GetUser')
  getUser({ userId }: wallet.GetUserRequest): Promise<wallet.GetUserResponse> {
    return getUser(this.parts.prisma, userId);
  }

  @GrpcMethod(SERVICE, 'GetWallet')
  getWallet({ userId }: wallet.GetWalletRequest): Promise<wallet.GetWalletResponse> {
    return getWallet(this.parts.db, userId);
  }

  @GrpcMethod(SERVICE, 'ChargeWallet')
  async chargeWallet(request: wallet.ChargeWalletRequest): Promise<wallet.ChargeWalletResponse> {
    const outcome = await this.parts.charge(request);
    return wallet.ChargeWalletResponse.fromPartial(
      'refused' in outcome
        ? { outcome: { $case: 'refused', refused: outcome.refused } }
        : { outcome: { $case: 'charged', charged: outcome.effect }, replayed: outcome.replayed },
    );
  }

  @GrpcMethod(SERVICE, 'ListTransactions')
  async listTransactions(request: wallet.ListTransactionsRequest): Promise<wallet.ListTransactionsResponse> {
    const result = await listTransactions(this.parts.db, request);
    return wallet.ListTransactionsResponse.fromPartial({
      outcome: 'refused' in result ? { $case: 'refused', refused: result.refused } : { $case: 'page', page: result },
    });
  }

  @GrpcMethod(SERVICE, 'QuoteBalances')
  quoteBalances({ userIds }: wallet.QuoteBalancesRequest): Promise<wallet.QuoteBalancesResponse> {
    return quoteBalances(this.parts.db, userIds);
  }
}
