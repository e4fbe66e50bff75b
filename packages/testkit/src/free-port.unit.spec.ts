import { jest } from '@jest/globals';

const own = process.env['JEST_WORKER_ID'];
afterEach(() => void (process.env['JEST_WORKER_ID'] = own));

/** Ports that a worker is given: so many that a chance of one in seven thousand comes true. */
const portsOf = async (worker: string): Promise<number[]> => {
  jest.resetModules(); // its memory is its own
  process.env['JEST_WORKER_ID'] = worker;
  const { freePort } = await import('./free-port.ts');
  const ports: number[] = [];
  while (ports.length < 400) ports.push(await freePort());
  return ports;
};

it('no port is given to two tests, of one worker or of two', async () => {
  const ports = [...(await portsOf('1')), ...(await portsOf('2'))];
  expect(new Set(ports).size).toBe(800);
});
