import type { InMessage } from '@jumun/messaging';
import { catalog, refusalData, topicNames } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { eventually, lostOnce } from '@jumun/testkit';
import { brokenBooks, keyed, openShop, put, type Shop } from '../../test/shop.ts';
import { ON_HAND_MAX } from '../stock.ts';
import { adjustStock } from './adjust-stock.ts';

let shop: Shop;
const told: InMessage[] = [];
beforeAll(async () => {
  shop = await openShop();
  const consumer = await shop.bus.consume({
    group: 'watcher',
    topics: [topicNames.inventoryEvents],
    handle: (batch) => Promise.resolve(void told.push(...batch)),
  });
  stopWatching = () => consumer.stop();
});
let stopWatching = (): Promise<void> => Promise.resolve();
afterAll(async () => {
  await stopWatching();
  await shop.close();
});

const optionWith = async (stock: number): Promise<string> => (await put(shop, { options: [{ name: 'x', stock }] })).options[0]!.id;
const call = (optionId: string, delta: number, key = ''): catalog.AdjustStockRequest =>
  catalog.AdjustStockRequest.fromPartial({ idempotency: keyed(key), optionId, delta, reason: 'counted' });
const adjust = async (request: catalog.AdjustStockRequest): Promise<unknown> => {
  const outcome = await adjustStock(shop, request);
  if ('refused' in outcome) return refusalData(outcome.refused);
  const { stock, onHand, reserved } = outcome.effect;
  return { stock, onHand, reserved, replayed: outcome.replayed };
};
const reserveByHand = (optionId: string, units: number): Promise<unknown> =>
  shop.db.transaction(async (tx) => {
    void tx.execute("INSERT INTO reservations (order_id, option_id, quantity, status) VALUES (?, ?, ?, 'RESERVED')", [
      newId(),
      optionId,
      units,
    ]);
    await tx.execute('UPDATE stock SET available = available - ?, reserved = reserved + ? WHERE option_id = ?', [units, units, optionId]);
  });

it('moves what is on hand, down to what is reserved', async () => {
  const optionId = await optionWith(10);
  await reserveByHand(optionId, 4);
  expect(await adjust(call(optionId, 5))).toEqual({ stock: 11, onHand: 15, reserved: 4, replayed: false });
  expect(await adjust(call(optionId, -11))).toEqual({ stock: 0, onHand: 4, reserved: 4, replayed: false });
  expect(await adjust(call(optionId, -1))).toEqual({ code: 'STOCK_RESERVED', reserved: 4 });
  const movements = await shop.db.query(
    'SELECT type, delta, on_hand_after AS onHand, reason FROM stock_movements WHERE option_id = ? ORDER BY id',
    [optionId],
  );
  expect(movements).toEqual([
    { type: 'INITIAL', delta: 10, onHand: 10, reason: null },
    { type: 'ADJUSTMENT', delta: 5, onHand: 15, reason: 'counted' },
    { type: 'ADJUSTMENT', delta: -11, onHand: 4, reason: 'counted' },
  ]);
});

it('tells of each adjustment once, with the version that the stock has then', async () => {
  const optionId = await optionWith(10);
  await adjust(call(optionId, 1));
  await adjust(call(optionId, 1));
  const mine = (): InMessage[] => told.filter(({ key }) => key === optionId);
  await eventually(() => mine().length === 2);
  expect(mine().map(({ payload }) => payload)).toMatchObject([
    { $type: 'jumun.inventory.v1.StockAdjusted', optionId, delta: 1, onHand: 11, reserved: 0, reason: 'counted', version: 1 },
    { onHand: 12, version: 2 },
  ]);
  await eventually(async () => (await shop.db.query('SELECT id FROM outbox WHERE sent_at IS NULL')).length === 0);
});

it('tells nothing of a try that was rolled back, when the next one decides otherwise', async () => {
  const optionId = await optionWith(1);
  const db = lostOnce(shop.db, () => reserveByHand(optionId, 1));
  const outcome = await adjustStock({ ...shop, db }, call(optionId, -1));
  expect('refused' in outcome && refusalData(outcome.refused)).toEqual({ code: 'STOCK_RESERVED', reserved: 1 });
  await adjust(call(optionId, 7)); // of the same key, so it is heard after whatever was told before
  const mine = (): InMessage[] => told.filter(({ key }) => key === optionId);
  await eventually(() => mine().length > 0);
  expect(mine().map(({ payload }) => payload)).toMatchObject([{ delta: 7, version: 1 }]);
});

it('keeps to the limit of what may be on hand', async () => {
  const optionId = await optionWith(1);
  expect(await adjust(call(optionId, ON_HAND_MAX))).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ path: '/delta' }] });
  expect(await adjust(call(optionId, ON_HAND_MAX - 1))).toMatchObject({ onHand: ON_HAND_MAX });
});

it('knows neither options that are not there nor those of deleted products', async () => {
  const product = await put(shop);
  await shop.db.execute('UPDATE products SET deleted_at = UTC_TIMESTAMP(3) WHERE id = ?', [product.id]);
  for (const id of [newId(), '', 'nothing', '재고'.repeat(18), product.options[0]!.id])
    expect(await adjust(call(id, 1))).toEqual({ code: 'OPTION_NOT_FOUND' });
});

it('happens once a key, however many call at once; a refusal uses no key up', async () => {
  const optionId = await optionWith(10);
  const key = newId();
  const answers = await Promise.all(Array.from({ length: 20 }, () => adjust(call(optionId, 5, key))));
  expect(answers.filter((answer) => !(answer as { replayed: boolean }).replayed)).toHaveLength(1);
  expect(answers.every((answer) => (answer as { onHand: number }).onHand === 15)).toBe(true);
  expect(
    await adjust({ ...call(optionId, 6, key), idempotency: { ...call(optionId, 6, key).idempotency!, fingerprint: '0'.repeat(64) } }),
  ).toEqual({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  const later = newId();
  expect(await adjust(call(optionId, -16, later))).toEqual({ code: 'STOCK_RESERVED', reserved: 0 });
  await adjust(call(optionId, 1));
  expect(await adjust(call(optionId, -16, later))).toMatchObject({ onHand: 0, replayed: false });
});

it('adds up when many adjust at once', async () => {
  const optionId = await optionWith(0);
  await Promise.all(Array.from({ length: 40 }, () => adjust(call(optionId, 3))));
  expect(await adjust(call(optionId, -120))).toMatchObject({ onHand: 0 });
});

it('has left books that agree', async () => {
  expect(await brokenBooks(shop)).toEqual([]);
});
