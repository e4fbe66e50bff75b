import { fileURLToPath } from 'node:url';
import { newId, registry } from '@jumun/service-kit';
import { type FreshDatabase, freshDatabase } from '@jumun/testkit';
import { countSagas } from './metrics.ts';

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase(fileURLToPath(new URL('../prisma/migrations', import.meta.url)));
});
afterAll(() => database.drop());

it('sagas are counted by state, parked ones whether or not something else of them is due', async () => {
  const IN_A_MINUTE = 'UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE';
  const insert = (nextAt: string, stuck: string, outcome: string) =>
    database.db.execute(
      `INSERT INTO sagas (id, order_id, definition, definition_version, version, progress, data, timeline, next_at, stuck, outcome)
       VALUES (?, ?, 'place-order', 1, 1, '{}', '{}', '', ${nextAt}, ${stuck}, ${outcome})`,
      [newId(), newId()],
    );
  const times = async (count: number, ...row: Parameters<typeof insert>) => {
    for (let n = 0; n < count; n++) await insert(...row);
  };
  await times(4, IN_A_MINUTE, 'FALSE', 'NULL'); // running
  await times(3, IN_A_MINUTE, 'FALSE', "'COMPLETED'"); // its event is not known to be out
  await times(2, 'NULL', 'TRUE', 'NULL'); // waits for a person alone
  await times(1, IN_A_MINUTE, 'TRUE', 'NULL'); // waits for a person, and for another answer
  await times(9, 'NULL', 'FALSE', "'COMPLETED'"); // over

  countSagas(database.db);
  const told = await registry.getSingleMetricAsString('jumun_sagas');
  expect(told.split('\n').filter((line) => line.startsWith('jumun_sagas'))).toEqual([
    'jumun_sagas{state="running"} 4',
    'jumun_sagas{state="event_unsent"} 3',
    'jumun_sagas{state="stuck"} 3',
  ]);
});
