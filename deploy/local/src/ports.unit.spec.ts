import { createServer, type Server } from 'node:net';
import { findFreeBase, portPlan, requireFree } from './port-plan.ts';
import { answers, freePorts, isPortFree, whoListens } from './ports.ts';
import { services } from './services.ts';

const listening: Server[] = [];
const listen = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    listening.push(server);
    server.listen({ port, host: '127.0.0.1' }, resolve);
  });
afterEach(() => listening.splice(0).forEach((server) => server.close()));

test('free ports are free and differ, until somebody listens', async () => {
  const ports = await freePorts(3);
  expect(new Set(ports).size).toBe(3);
  expect(await isPortFree(ports[0]!)).toBe(true);
  expect(await answers(ports[0]!)).toBe(false);
  await listen(ports[0]!);
  expect(await isPortFree(ports[0]!)).toBe(false);
  expect(await answers(ports[0]!, 30_000)).toBe(true);
});

test('a taken port is named with the process that has it, and what to do', async () => {
  const base = await findFreeBase(24_000, {});
  await listen(portPlan(base).infra.kafka);
  const failure = String(await requireFree(base, {}).catch((error: unknown) => error));
  expect(failure).toContain(`Port ${base + 52} is taken by`);
  expect(failure).toContain('--port-base');
  // Only Linux tells.
  expect(whoListens(base + 52) ?? `pid ${process.pid}`).toContain(`pid ${process.pid}`);
  expect(await findFreeBase(base, {})).toBeGreaterThan(base);
});

test('no two parts of a cluster share a port', () => {
  const plan = portPlan(18_000);
  const ports = Object.values(plan.infra);
  for (const { name, http } of services) {
    for (let index = 0; index < 10; index++)
      ports.push(plan.internal(name, index), ...(http ? [plan.http(index), plan.gatewayGrpc(index)] : [plan.grpc(name, index)]));
  }
  expect(new Set(ports).size).toBe(ports.length);
  expect(Math.max(...ports)).toBeLessThan(18_300);
});
