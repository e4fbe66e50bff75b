import { arm } from '../../testing/fault-points.ts';
import type { KafkaMessage } from 'kafkajs';
import { eventually, openShelfService, releaseCommand, reserveCommand, type ShelfService } from '../../testing/fixture.ts';
import { reserve } from '../../testing/shelves.ts';

let service: ShelfService;
beforeAll(async () => {
  service = await openShelfService({ inboxRetentionMs: 3_600_000 });
  await service.start();
});
afterAll(() => service.stop());

const answered = async (id: string, times = 1): Promise<string[]> => {
  await eventually(() => service.repliesTo(id).length >= times, { withinMs: 20_000 });
  return service.repliesTo(id);
};
const letterOf = async (id: string): Promise<KafkaMessage> => {
  const find = (): KafkaMessage | undefined => service.letters.find(({ headers }) => headers?.['ce_id']?.toString() === id);
  await eventually(() => find() !== undefined, { withinMs: 20_000 });
  return find()!;
};

test('a command has its effect and its answer: typed, keyed, traced, and of this very command', async () => {
  await service.fill('a', 5);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await service.bus.send([reserveCommand('a1', 'a', { traceparent })]);
  expect(await answered('a1/reserve/1')).toEqual(['StockReserved']);
  expect(await service.available('a')).toBe(4);
  expect(service.replies.find(({ commandId }) => commandId === 'a1/reserve/1')).toMatchObject({
    id: 'a1/reserve/1/reply',
    key: 'a1',
    traceparent,
  });
});

test('a command that comes again has no second effect, and its stored answer goes where this delivery wants it', async () => {
  await service.fill('b', 5);
  await service.bus.send([reserveCommand('b1', 'b', { replyPartition: 0 })]);
  await answered('b1/reserve/1');
  await service.bus.send([reserveCommand('b1', 'b', { replyPartition: 2 }), reserveCommand('b1', 'b', { replyPartition: 1 })]);
  expect(await answered('b1/reserve/1', 3)).toEqual(['StockReserved', 'StockReserved', 'StockReserved']);
  expect(await service.available('b')).toBe(4);
  const partitions = service.replies.filter(({ commandId }) => commandId === 'b1/reserve/1').map(({ partition }) => partition);
  expect(partitions.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
});

test('the same id with other content is a dead letter', async () => {
  await service.fill('c', 5);
  await service.bus.send([reserveCommand('c1', 'c'), reserveCommand('c1', 'c', { payload: reserve('c1', 'c', 2) })]);
  expect((await letterOf('c1/reserve/1')).headers?.['jumun_dlq_error']?.toString()).toMatch(/same id/);
  await service.bus.send([reserveCommand('c1', 'c', { payload: reserve('c1', 'c', 3) })]);
  await eventually(() => service.letters.filter(({ headers }) => headers?.['ce_id']?.toString() === 'c1/reserve/1').length === 2);
  expect(await service.available('c')).toBe(4);
});

test.each([
  ['apart', false],
  ['in one batch', true],
])('an undo before its do: Released, and the do is Undone whenever it comes, %s', async (how, together) => {
  const shelf = `d-${together}`;
  await service.fill(shelf, 5);
  const [first, second] = [releaseCommand(shelf, shelf), reserveCommand(shelf, shelf)];
  await service.bus.send(together ? [first, second] : [first]);
  expect(await answered(first.id)).toEqual(['StockReleased']);
  if (!together) await service.bus.send([second]);
  expect(await answered(second.id)).toEqual(['Undone']);
  expect(await service.available(shelf)).toBe(5);
  expect(how).toBeDefined();
});

test('do and undo in one batch leave nothing behind', async () => {
  await service.fill('e', 5);
  await service.bus.send([reserveCommand('e1', 'e'), releaseCommand('e1', 'e')]);
  expect(await answered('e1/release/1')).toEqual(['StockReleased']);
  expect(await answered('e1/reserve/1')).toEqual(['StockReserved']);
  expect(await service.available('e')).toBe(5);
});

test('a decide that throws fails its own command only', async () => {
  await service.fill('f', 5);
  await service.bus.send([reserveCommand('f1', 'f'), reserveCommand('bug', 'f'), reserveCommand('f2', 'f')]);
  expect(await answered('bug/reserve/1')).toEqual(['CommandFailed']);
  expect(await answered('f1/reserve/1')).toEqual(['StockReserved']);
  expect(await answered('f2/reserve/1')).toEqual(['StockReserved']);
});

test('a command that the database refuses is found by halving: dead letter and CommandFailed for it, all others done', async () => {
  await service.fill('g', 20);
  const orders = Array.from({ length: 9 }, (_, n) => reserveCommand(n === 5 ? 'poison' : `g${n}`, 'g', { key: 'g' }));
  await service.bus.send(orders);
  for (const { id } of orders) expect(await answered(id)).toEqual([id.startsWith('poison') ? 'CommandFailed' : 'StockReserved']);
  expect((await letterOf('poison/reserve/1')).headers?.['jumun_dlq_error']?.toString()).toMatch(/no_such_table/);
  expect(await service.available('g')).toBe(12);
});

test('a command older than the inbox remembers is a dead letter, unless its answer is still known', async () => {
  await service.fill('h', 5);
  const old = new Date(Date.now() - 1_900_000);
  await service.bus.send([reserveCommand('h1', 'h', { time: old })]);
  expect((await letterOf('h1/reserve/1')).headers?.['jumun_dlq_error']?.toString()).toMatch(/older/);
  await service.bus.send([reserveCommand('h2', 'h')]);
  await answered('h2/reserve/1');
  await service.bus.send([reserveCommand('h2', 'h', { time: old })]);
  expect(await answered('h2/reserve/1', 2)).toEqual(['StockReserved', 'StockReserved']);
  expect(await service.available('h')).toBe(4);
});

test.each(['inbox:claimed-not-decided', 'inbox:written-not-committed', 'inbox:committed-not-answered', 'inbox:answered-not-marked'])(
  'a failure at %s changes nothing about the outcome',
  async (point) => {
    const shelf = point.replaceAll(':', '-');
    await service.fill(shelf, 5);
    await arm(point, 'throw');
    await service.bus.send([reserveCommand(shelf, shelf)]);
    const types = await answered(`${shelf}/reserve/1`, point === 'inbox:answered-not-marked' ? 2 : 1);
    expect(new Set(types)).toEqual(new Set(['StockReserved']));
    expect(await service.available(shelf)).toBe(4);
  },
);

test('a type that the topic does not know is a dead letter', async () => {
  const { common } = await import('@jumun/protos');
  await service.bus.send([reserveCommand('i1', 'a', { payload: common.Undone.fromPartial({}) })]);
  expect((await letterOf('i1/reserve/1')).headers?.['jumun_dlq_error']?.toString()).toMatch(/no command/);
});
