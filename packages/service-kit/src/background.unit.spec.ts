import { type Background, openInBackground } from './background.ts';

const given = () => {
  const { promise, resolve } = Promise.withResolvers<Background>();
  let isReady: () => unknown = () => undefined;
  let stop: () => unknown = () => undefined;
  const lifecycle = {
    readyWhen: (_: string, check: () => unknown) => (isReady = check),
    onStop: (_: string, hook: () => unknown) => (stop = hook),
  };
  const open = openInBackground(lifecycle, 'consumer', promise);
  return { resolve, open, isReady: () => isReady(), stop: () => stop() };
};

test('what is not open yet is not ready, and keeps nobody from stopping', async () => {
  const { open, isReady, stop } = given();
  expect([open(), isReady(), await stop()]).toEqual([undefined, false, undefined]);
});

test('what opens while it is to stop is stopped', async () => {
  const { resolve, stop } = given();
  let stopped = false;
  const stopping = stop();
  resolve({ healthy: () => true, stop: () => (stopped = true) });
  await stopping;
  expect(stopped).toBe(true);
});

test('what is open is as ready as it says, and is stopped', async () => {
  const { resolve, open, isReady, stop } = given();
  let healthy = true;
  let stopped = false;
  const consumer: Background = { healthy: () => healthy, stop: () => (stopped = true) };
  resolve(consumer);
  await Promise.resolve();
  expect([open(), isReady()]).toEqual([consumer, true]);
  await stop();
  expect(stopped).toBe(true);
  healthy = false;
  expect(isReady()).toBe(false);
});
