import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTestGateway } from '../../test/gateway.ts';
import type { Gateway } from '../gateway.ts';
import { problemKinds } from '../problems/catalogue.ts';

const golden = join(import.meta.dirname, '../../../../docs/openapi.json');

let gateway: Gateway;
beforeAll(async () => void (gateway = await openTestGateway()));
afterAll(() => gateway.stop(100));

const page = async (url: string): Promise<{ status: number; type: string; text: string; policy: unknown }> => {
  const { statusCode, headers, payload } = await gateway.app.inject({ method: 'GET', url });
  return { status: statusCode, type: String(headers['content-type']), text: payload, policy: headers['content-security-policy'] };
};

it('the document is the committed one (UPDATE_GOLDEN=1 writes it)', async () => {
  const { text } = await page('/openapi.json');
  if (process.env['UPDATE_GOLDEN'] === '1' || !existsSync(golden)) writeFileSync(golden, `${text}\n`);
  expect(`${text}\n`).toBe(readFileSync(golden, 'utf8'));
});

it('every reference in the document leads somewhere', async () => {
  const { text } = await page('/openapi.json');
  const { components } = JSON.parse(text) as { components: { schemas: Record<string, unknown> } };
  for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) expect(components.schemas).toHaveProperty(name ?? '');
});

it('the try-it page and all it needs come from here', async () => {
  const { text, policy } = await page('/docs');
  expect(text).not.toMatch(/https?:\/\//);
  expect(text).not.toMatch(/<script>/);
  expect(policy).toContain("default-src 'self'");
  const parts = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url);
  expect(parts).toHaveLength(4);
  for (const url of [...parts, '/docs/page.css']) expect(await page(url)).toMatchObject({ status: 200 });
  expect((await page('/docs/start.js')).text).toContain('/openapi.json');
});

it('every code is documented where problems point to', async () => {
  const { text, type } = await page('/docs/errors');
  expect(type).toContain('text/html');
  for (const code of Object.keys(problemKinds)) expect(text).toContain(`<section id="${code}">`);
});
