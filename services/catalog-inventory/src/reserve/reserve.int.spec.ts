import { type OutCommand, runParticipant } from '@jumun/messaging';
import { type catalog, commands, inventory, topicNames } from '@jumun/protos';
import { newId } from '@jumun/service-kit';
import { type Desk, openDesk } from '@jumun/testkit/desk';
import { brokenBooks, logger, openShop, put, type Shop } from '../../test/shop.ts';
import { stockParticipant } from './participant.ts';

let shop: Shop;
let desk: Desk;
let stop = (): Promise<void> => Promise.resolve();
beforeAll(async () => {
  shop = await openShop();
  const consumer = await runParticipant({
    ...shop,
    logger,
    group: 'inventory',
    topic: topicNames.inventoryCommands,
    repliesTopic: topicNames.orderReplies,
    participant: stockParticipant,
  });
  stop = () => consumer.stop();
  desk = await openDesk(shop.bus, topicNames.orderReplies);
});
afterAll(async () => {
  await stop();
  await desk.close();
  await shop.close();
});

type Units = Record<string, number>;
const command = (orderId: string, step: string, payload: OutCommand['payload'], undoes?: string): OutCommand => ({
  topic: topicNames.inventoryCommands,
  key: orderId,
  id: `${orderId}/${step}/1`,
  payload,
  issuedAt: new Date(),
  undoes,
});
/** Of options that this spec has put on the shelf. */
const productOf = new Map<string, string>();
const reserve = (orderId: string, ...lines: [optionId: string, quantity: number][]): OutCommand =>
  command(
    orderId,
    'stock',
    inventory.ReserveStock.fromPartial({
      orderId,
      lines: lines.map(([optionId, quantity]) => ({ productId: productOf.get(optionId) ?? newId(), optionId, quantity })),
    }),
  );
const release = (orderId: string, ...optionIds: string[]): OutCommand =>
  command(orderId, 'stock-undo', inventory.ReleaseStock.fromPartial({ orderId, optionIds }), `${orderId}/stock/1`);
const commit = (orderId: string, ...optionIds: string[]): OutCommand =>
  command(orderId, 'commit', inventory.CommitStock.fromPartial({ orderId, optionIds }));

const optionsOf = (product: catalog.Product): string[] =>
  product.options.map(({ id }) => {
    productOf.set(id, product.id);
    return id;
  });
const optionsWith = async (...stocks: number[]): Promise<string[]> => {
  const options = stocks.map((stock, index) => ({ name: `${index}`, stock }));
  return optionsOf(await put(shop, { options }));
};
const unitsOf = async (optionId: string): Promise<Units | undefined> =>
  (await shop.db.query<Units>('SELECT available, reserved, sold FROM stock WHERE option_id = ?', [optionId]))[0];
const shortName = ({ $type }: { $type: string }): string => $type.slice($type.lastIndexOf('.') + 1);

it('reserves, and sells what was reserved', async () => {
  const [a, b] = (await optionsWith(10, 10)) as [string, string];
  const order = newId();
  expect(shortName(await desk.ask(reserve(order, [a, 2], [b, 1], [a, 3])))).toBe('StockReserved');
  expect(await unitsOf(a)).toEqual({ available: 5, reserved: 5, sold: 0 });
  expect(shortName(await desk.ask(commit(order, a, b)))).toBe('StockCommitted');
  expect(await unitsOf(a)).toEqual({ available: 5, reserved: 0, sold: 5 });
  expect(
    await shop.db.query(
      "SELECT delta, on_hand_after AS onHand, order_id AS orderId FROM stock_movements WHERE option_id = ? AND type = 'SALE'",
      [a],
    ),
  ).toEqual([{ delta: -5, onHand: 5, orderId: order }]);
});

it('answers a redelivered command as before, and does nothing', async () => {
  const [a] = (await optionsWith(10)) as [string];
  const order = newId();
  await desk.send([reserve(order, [a, 2]), reserve(order, [a, 2])]);
  await desk.ask(commit(order, a));
  await desk.send([reserve(order, [a, 2]), commit(order, a), commit(order, a)]);
  expect((await desk.replies(`${order}/stock/1`, 3)).map(shortName)).toEqual(['StockReserved', 'StockReserved', 'StockReserved']);
  expect((await desk.replies(`${order}/commit/1`, 3)).map(shortName)).toEqual(['StockCommitted', 'StockCommitted', 'StockCommitted']);
  expect(await unitsOf(a)).toEqual({ available: 8, reserved: 0, sold: 2 });
});

it('says StockCommitted again to another command about what is committed', async () => {
  const [a] = (await optionsWith(3)) as [string];
  const order = newId();
  await desk.ask(reserve(order, [a, 1]));
  await desk.ask(commit(order, a));
  expect(shortName(await desk.ask({ ...commit(order, a), id: `${order}/commit/2` }))).toBe('StockCommitted');
  expect(await unitsOf(a)).toEqual({ available: 2, reserved: 0, sold: 1 });
});

it('fails a second command that reserves for the same order, whatever became of the first', async () => {
  const [a, b] = (await optionsWith(10, 10)) as [string, string];
  const [held, sold, undone, other] = [newId(), newId(), newId(), newId()];
  for (const order of [held, sold, undone]) await desk.ask(reserve(order, [a, 1], [b, 1]));
  await desk.ask(commit(sold, a, b));
  await desk.ask(release(undone, a, b));
  const again = (order: string): OutCommand => ({ ...reserve(order, [a, 1], [b, 1]), id: `${order}/stock/2` });
  await desk.send([again(held), again(sold), again(undone), reserve(other, [a, 1])]);
  for (const order of [held, sold, undone]) expect((await desk.replies(`${order}/stock/2`)).map(shortName)).toEqual(['CommandFailed']);
  expect((await desk.replies(`${other}/stock/1`)).map(shortName)).toEqual(['StockReserved']);
  expect(await unitsOf(a)).toEqual({ available: 7, reserved: 2, sold: 1 });
  expect(await unitsOf(b)).toEqual({ available: 8, reserved: 1, sold: 1 });
});

it('takes an order from its reservation to its sale in one batch, beside others', async () => {
  const [a] = (await optionsWith(100)) as [string];
  const orders = Array.from({ length: 20 }, newId);
  await desk.send(orders.flatMap((order) => [reserve(order, [a, 1]), commit(order, a)]));
  for (const order of orders) expect((await desk.replies(`${order}/commit/1`)).map(shortName)).toEqual(['StockCommitted']);
  expect(await unitsOf(a)).toEqual({ available: 80, reserved: 0, sold: 20 });
});

it('remembers an undo that came before its do', async () => {
  const [a] = (await optionsWith(10)) as [string];
  const order = newId();
  expect(shortName(await desk.ask(release(order, a)))).toBe('StockReleased');
  expect(shortName(await desk.ask(reserve(order, [a, 2])))).toBe('Undone');
  expect(await unitsOf(a)).toEqual({ available: 10, reserved: 0, sold: 0 });
});

it('undoes what was done, also within one batch', async () => {
  const [a] = (await optionsWith(10)) as [string];
  const orders = Array.from({ length: 20 }, newId);
  await desk.send(orders.flatMap((order) => [reserve(order, [a, 1]), release(order, a)]));
  for (const order of orders) expect((await desk.replies(`${order}/stock-undo/1`)).map(shortName)).toEqual(['StockReleased']);
  expect(await unitsOf(a)).toEqual({ available: 10, reserved: 0, sold: 0 });
});

it('refuses all of an order when one line is short, and names what is', async () => {
  const [a, b] = (await optionsWith(10, 1)) as [string, string];
  const order = newId();
  expect(await desk.ask(reserve(order, [a, 1], [b, 1], [b, 1]))).toMatchObject({
    $type: 'jumun.refusals.v1.OutOfStock',
    shortages: [{ optionId: b, requested: 2, available: 1 }],
  });
  expect(await unitsOf(a)).toEqual({ available: 10, reserved: 0, sold: 0 });
});

it('judges whether a product is on sale when it reserves, and never later', async () => {
  const product = await put(shop);
  const [option] = optionsOf(product) as [string];
  const [early, late] = [newId(), newId()];
  await desk.ask(reserve(early, [option, 1]));
  await shop.db.execute("UPDATE products SET status = 'SUSPENDED' WHERE id = ?", [product.id]);
  expect(await desk.ask(reserve(late, [option, 1]))).toMatchObject({ $type: 'jumun.refusals.v1.ProductNotOnSale', productId: product.id });
  expect(shortName(await desk.ask(commit(early, option)))).toBe('StockCommitted');
  expect(shortName(await desk.ask(reserve(newId(), [newId(), 1])))).toBe('ProductNotFound');
});

it('fails a commit without a reservation, and only that', async () => {
  const [a] = (await optionsWith(5)) as [string];
  const [paid, other] = [newId(), newId()];
  await desk.send([commit(paid, a), reserve(other, [a, 1])]);
  expect((await desk.replies(`${paid}/commit/1`))[0]).toMatchObject({ $type: 'jumun.common.v1.CommandFailed' });
  expect((await desk.replies(`${other}/stock/1`)).map(shortName)).toEqual(['StockReserved']);
  expect(commands.commitStock.replies.map(({ $type }) => $type)).not.toContain('jumun.common.v1.CommandFailed');
});

it('sells ten units to ten of a hundred buyers, each command sent twice, some undone', async () => {
  const [a, b] = (await optionsWith(10, 1_000)) as [string, string];
  const orders = Array.from({ length: 100 }, newId);
  await desk.send(orders.flatMap((order) => [reserve(order, [b, 1], [a, 1]), reserve(order, [b, 1], [a, 1])]));
  const answers = await Promise.all(
    orders.map(async (order) => ({ order, names: (await desk.replies(`${order}/stock/1`, 2)).map(shortName).join(' ') })),
  );
  const winners = answers.filter(({ names }) => names === 'StockReserved StockReserved').map(({ order }) => order);
  expect(winners).toHaveLength(10);
  expect(answers.filter(({ names }) => names === 'OutOfStock OutOfStock')).toHaveLength(90);
  const [undone, kept] = [winners.slice(0, 4), winners.slice(4)];
  await desk.send([...undone.map((order) => release(order, a, b)), ...kept.map((order) => commit(order, a, b))]);
  for (const order of undone) await desk.replies(`${order}/stock-undo/1`);
  for (const order of kept) await desk.replies(`${order}/commit/1`);
  expect(await unitsOf(a)).toEqual({ available: 4, reserved: 0, sold: 6 });
  expect(await unitsOf(b)).toEqual({ available: 994, reserved: 0, sold: 6 });
});

it('has left books that agree, and no command without its answer', async () => {
  expect(await brokenBooks(shop)).toEqual([]);
  expect(await shop.db.query('SELECT id FROM inbox WHERE reply_type IS NULL')).toEqual([]);
});
