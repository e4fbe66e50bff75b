import '../../testing/fault-points.ts';
import { eventually, openShelfService, reserveCommand } from '../../testing/fixture.ts';

test('an optimistic participant whose rows were changed goes back to its claim and loads once more, with locks', async () => {
  const loads: boolean[] = [];
  const service = await openShelfService({
    optimistic: true,
    onLoad: async (lock) => {
      loads.push(lock);
      // Somebody else sells one unit right after the first read.
      if (loads.length === 1) await service.db.execute("UPDATE shelf SET available = available - 1, version = version + 1 WHERE id = 'a'");
    },
  });
  await service.fill('a', 5);
  await service.start();
  await service.bus.send([reserveCommand('a1', 'a'), reserveCommand('a2', 'a')]);
  await eventually(() => service.replies.length === 2, { withinMs: 15_000 });
  expect(loads.slice(0, 2)).toEqual([false, true]);
  expect(service.repliesTo('a1/reserve/1')).toEqual(['StockReserved']);
  expect(service.repliesTo('a2/reserve/1')).toEqual(['StockReserved']);
  expect(await service.available('a')).toBe(2);
  await service.stop();
});

test('two instances and every command thrice: each has one effect', async () => {
  const service = await openShelfService();
  await service.fill('a', 1_000);
  await service.start();
  const { openTestBus } = await import('../../testing/fixture.ts');
  const other = await openTestBus(service.prefix, false);
  await service.start(other.bus);
  const commands = Array.from({ length: 200 }, (_, n) => reserveCommand(`o${n}`, 'a'));
  // Other keys put the repetitions into other partitions, and so before the other instance.
  await Promise.all(
    [1, 2, 3].map((round) => service.bus.send(commands.map((command) => ({ ...command, key: `${command.key}-${round}` })))),
  );
  await eventually(() => new Set(service.replies.map(({ commandId }) => commandId)).size === 200 && service.replies.length >= 600, {
    withinMs: 25_000,
  });
  expect(new Set(service.replies.map(({ type }) => type))).toEqual(new Set(['jumun.inventory.v1.StockReserved']));
  expect(await service.available('a')).toBe(800);
  await other.close();
  await service.stop();
}, 60_000);
