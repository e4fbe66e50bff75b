import { explain } from '@jumun/testkit';
import { seedUsers } from '../seed.ts';
import { openPurse, type Purse } from '../../test/purse.ts';
import { LOCK_WALLETS, READ_BALANCES, READ_WALLET, READ_WALLETS, readEntries, UPDATE_WALLETS } from './statements.ts';

let purse: Purse;
let user: string;
beforeAll(async () => {
  purse = await openPurse();
  [user] = (await seedUsers(purse.url, 20, 1_000)) as [string];
});
afterAll(() => purse.close());

const oneRow = (...values: unknown[]): string => JSON.stringify([values]);

it.each([
  ['READ_WALLETS', READ_WALLETS, () => [[user, 'x']], ['wallets range PRIMARY']],
  ['LOCK_WALLETS', LOCK_WALLETS, () => [[user, 'x']], ['wallets range PRIMARY']],
  ['UPDATE_WALLETS', UPDATE_WALLETS, () => [oneRow(user, 1, 2, 2)], ['j ALL', 'w eq_ref PRIMARY']],
  ['READ_WALLET', READ_WALLET, () => [user], ['wallets const PRIMARY']],
  ['READ_BALANCES', READ_BALANCES, () => [[user, 'x']], ['wallets range PRIMARY']],
  ['entries', readEntries({ ofType: false, before: false }), () => [user, 21], ['ledger ref ledger_version']],
  ['entries before', readEntries({ ofType: false, before: true }), () => [user, 5, 21], ['ledger range ledger_version']],
  ['entries of a type', readEntries({ ofType: true, before: false }), () => [user, 'CHARGE', 21], ['ledger ref ledger_version']],
  ['entries of a type before', readEntries({ ofType: true, before: true }), () => [user, 'CHARGE', 5, 21], ['ledger range ledger_version']],
] as [string, string, () => unknown[], string[]][])('%s touches only its own rows', async (_, sql, params, plan) => {
  expect(await explain(purse, sql, params())).toEqual(plan);
});
