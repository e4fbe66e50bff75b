import { Failure } from '../failure.ts';
import { keptPassword } from './docker-password.ts';

const folder = { file: '/x/docker.json', text: undefined, volumes: [], removal: 'docker compose down --volumes' };
const failure = (made: () => unknown): string => {
  try {
    return `no failure: ${String(made())}`;
  } catch (error) {
    return error instanceof Failure ? String(error) : `no failure of ours: ${String(error)}`;
  }
};

test('a folder without anything gets a new password, one that has it keeps it', () => {
  expect(keptPassword(folder)).toBeUndefined();
  expect(keptPassword({ ...folder, text: '{"rootPassword":"secret"}\n', volumes: ['x_mysql'] })).toBe('secret');
  expect(keptPassword({ ...folder, text: '{"rootPassword":"secret"}' })).toBe('secret');
});

test('data without its password is explained, with the command that removes it', () => {
  expect(failure(() => keptPassword({ ...folder, volumes: ['x_mysql', 'x_kafka'] }))).toMatch(
    /x_mysql, x_kafka[^]*docker\.json[^]*is gone[^]*→ [^]*: docker compose down --volumes$/,
  );
});

test.each(['', '{"rootPass', 'null', '{}', '{"rootPassword":5}', '{"rootPassword":""}'])(
  'a file that cannot be read is explained: %j',
  (text) => {
    for (const volumes of [[], ['x_mysql']])
      expect(failure(() => keptPassword({ ...folder, text, volumes }))).toMatch(
        /cannot be read[^]*down --volumes && rm '\/x\/docker\.json'$/,
      );
  },
);
