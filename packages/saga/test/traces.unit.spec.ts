import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { advance, begin, endOf } from '../src/index.ts';
import type { Input, Transition } from '../src/index.ts';
import { testPace, trip } from './driver.ts';
import { bookTrip } from './trip.ts';
import type { Trip } from './trip.ts';

/**
 * Golden traces: the inputs of a scenario (lines `> ms input`) and, below each, what came of it. The files are the recordings: their
 * inputs are replayed against today's definition, and every line has to come out as it stands. A changed trace means that sagas which
 * run now would notice: raise the version. A new scenario is a file with its `data` and `>` lines; UPDATE_TRACES=1 fills in the rest.
 */
const scenarios = [
  'booked',
  'booked-with-voucher',
  'booked-later-after-a-short-balance',
  'no-seats-while-the-voucher-is-unknown',
  'too-poor',
  'payment-timeout',
  'cancelled-while-waiting',
  'guide-fails',
  'guide-too-late',
  'silent-debit-parked-and-answered',
  'commit-fails-and-is-retried',
];

const show = ({ verdict, progress, messages, timeline }: Transition<Trip>): string[] => {
  const { phase, stage, nextAt, until } = progress;
  const end = endOf(bookTrip, progress);
  return [
    `  ${verdict}: ${phase} at ${stage}, next look ${nextAt ?? 'never'}${until === undefined ? '' : `, deadline ${until}`}`,
    ...timeline.map(({ at, ...entry }) => `  ~ ${at} ${JSON.stringify(entry)}`),
    ...messages.map(
      ({ commandId, payload, undoes, asks }) =>
        `  < ${commandId} ask ${asks} ${JSON.stringify(payload)}${undoes ? ` undoes ${undoes}` : ''}`,
    ),
    ...(end && timeline.length > 0 ? [`  = ${end.outcome} ${JSON.stringify(end.event)}`] : []),
  ];
};

/** Plays the `data` and `>` lines of a recording and writes it anew. */
const replay = (recording: string): string => {
  const lines: string[] = [];
  let last: Transition<Trip> | null = null;
  for (const line of recording.split('\n')) {
    if (line.startsWith('data ')) last = begin(bookTrip, 's1', { ...trip, ...(JSON.parse(line.slice(5)) as Partial<Trip>) }, 0, testPace);
    else if (line.startsWith('> ') && last) {
      const [, at, input] = /^> (\d+) (.*)$/.exec(line)!;
      last = advance(bookTrip, last.progress, JSON.parse(input!) as Input, Number(at), testPace);
    } else continue;
    lines.push(line, ...show(last!));
  }
  return `${lines.join('\n')}\n`;
};

test.each(scenarios)('%s', (scenario) => {
  const file = new URL(`./traces/${scenario}.txt`, import.meta.url);
  expect(existsSync(file)).toBe(true);
  const recorded = readFileSync(file, 'utf8');
  const replayed = replay(recorded);
  const isRecording = process.env.UPDATE_TRACES === '1';
  if (isRecording) writeFileSync(file, replayed);
  expect(replayed).toBe(isRecording ? replayed : recorded);
});
