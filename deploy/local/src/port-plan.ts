import { Failure } from './failure.ts';
import type { InfraPorts } from './infra/connection.ts';
import { isPortFree, whoListens } from './ports.ts';
import { services } from './services.ts';

/** More instances than this on one machine only take turns on its cores. */
export const INSTANCES_MAX = 10;
/** A cluster's ports lie within this many from its base. */
export const PORT_SPAN = 300;
export const PORT_BASE_DEFAULT = 18_000;

/** Which port is whose, all counted from one base, so that a cluster is found by one number. */
export const portPlan = (base: number) => {
  const position = (name: string): number => services.findIndex((row) => row.name === name);
  return {
    http: (index: number): number => base + index,
    gatewayGrpc: (index: number): number => base + 20 + index,
    infra: { mysql: base + 50, redis: base + 51, kafka: base + 52, kafkaController: base + 53 } satisfies InfraPorts,
    grpc: (name: string, index: number): number => base + 100 + 20 * position(name) + index,
    internal: (name: string, index: number): number => base + 110 + 20 * position(name) + index,
  };
};

export type PortPlan = ReturnType<typeof portPlan>;

const portsOf = (base: number, instances: Readonly<Record<string, number>>, withInfra: boolean): number[] => {
  const plan = portPlan(base);
  const own = services.flatMap(({ name, http }) =>
    Array.from({ length: instances[name] ?? 1 }, (_, index) => [
      plan.internal(name, index),
      ...(http ? [plan.http(index), plan.gatewayGrpc(index)] : [plan.grpc(name, index)]),
    ]).flat(),
  );
  return withInfra ? [...own, ...Object.values(plan.infra)] : own;
};

const firstTaken = async (ports: readonly number[]): Promise<number | undefined> => {
  for (const port of ports) if (!(await isPortFree(port))) return port;
  return undefined;
};

/** Throws a {@link Failure} that names the port and who has it, unless all ports of the base are free. */
export const requireFree = async (base: number, instances: Readonly<Record<string, number>>, withInfra = true): Promise<void> => {
  const taken = await firstTaken(portsOf(base, instances, withInfra));
  if (taken === undefined) return;
  throw new Failure(
    `Port ${taken} is taken by ${whoListens(taken) ?? 'another process'}.`,
    `End that process, or choose other ports: npm start -- --port-base ${base + 1000}`,
  );
};

/** The first base from `from` on whose ports are all free. */
export const findFreeBase = async (from: number, instances: Readonly<Record<string, number>>): Promise<number> => {
  for (let base = from; base + PORT_SPAN < 32_768; base += PORT_SPAN) {
    if ((await firstTaken(portsOf(base, instances, true))) === undefined) return base;
  }
  throw new Failure(`No ${PORT_SPAN} ports in a row are free from ${from} on.`, 'Choose a base yourself: npm start -- --port-base 40000');
};
