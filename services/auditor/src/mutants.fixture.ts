import { COUPONS } from './mutants/coupons.fixture.ts';
import { EVERYWHERE } from './mutants/everywhere.fixture.ts';
import { MONEY } from './mutants/money.fixture.ts';
import { SAGAS } from './mutants/sagas.fixture.ts';
import { STOCK } from './mutants/stock.fixture.ts';
import type { Mutant } from './mutants/mutant.fixture.ts';

export const MUTANTS: readonly Mutant[] = [...MONEY, ...STOCK, ...COUPONS, ...SAGAS, ...EVERYWHERE];
