import { openTestGateway } from '../../test/gateway.ts';
import { openWire, type Wire } from '../../test/wire.ts';
import type { Gateway } from '../gateway.ts';

let gateway: Gateway;
let wire: Wire;
beforeAll(async () => {
  gateway = await openTestGateway();
  wire = await openWire(gateway);
});
afterAll(async () => {
  wire.close();
  await gateway.stop(100);
});

const head = (more: string, call = 'POST /v1/users'): string =>
  `${call} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n${more}\r\n`;

it.each<[string, () => string]>([
  ['no Host', () => 'GET /v1/products HTTP/1.1\r\nConnection: close\r\n\r\n'],
  ['two lengths', () => `${head('Content-Length: 2\r\nContent-Length: 3\r\n')}{}`],
  ['a length and chunks', () => `${head('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n`],
  ['a length that is none', () => `${head('Content-Length: two\r\n')}{}`],
  ['broken chunks', () => `${head('Transfer-Encoding: chunked\r\n')}zz\r\n{}\r\n0\r\n\r\n`],
  ['an unknown method', () => head('', 'BREW /v1/users')],
  ['an unknown expectation', () => `${head('Expect: miracles\r\nContent-Length: 2\r\n')}{}`],
  ['a header with a control character', () => head('X-Y: a\u0001b\r\n')],
  ['a space in the address', () => head('', 'GET /v1/pro ducts')],
  ['too many chunks', () => `${head('Transfer-Encoding: chunked\r\n')}${`10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(5)}0\r\n\r\n`],
  ['two hosts', () => 'GET /v1/products HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
  ['a tunnel', () => 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'],
])('%s is a 4xx that is a problem', async (_, text) => {
  const said = await wire.said(text());
  expect(said).toMatch(/^HTTP\/1\.1 4\d\d [\s\S]*application\/problem\+json[\s\S]*"code":"[A-Z_]+"/);
  expect(said).toMatch(/^cache-control: no-store\r$/im);
});

it.each([
  ['an address in plain Korean', () => head('', 'GET /v1/products?q=감귤'), 'percent-encoded'],
  ['a header with a control character', () => head('X-Y: a\u0001b\r\n'), 'a header has a character'],
  ['a length that is none', () => `${head('Content-Length: two\r\n')}{}`, 'Content-Length: is no number'],
  ['an unknown method', () => head('', 'BREW /v1/users'), 'the method is not known'],
  ['chunks without sizes', () => `${head('Transfer-Encoding: chunked\r\n')}zz\r\n{}\r\n0\r\n\r\n`, 'a chunk of the body'],
])('%s: what to mend is told', async (_, text, told) => {
  expect(await wire.said(text())).toContain(told);
});

it.each(['x', '}', ' \n', '\0', '{"a":1}'])('a whole request is answered, and not what stands behind it: %j', async (rest) => {
  const good = '{"loginId":"nobody","password":"a long password"}';
  const call = head(`Content-Length: ${good.length}\r\n`, 'DELETE /v1/nowhere').replace('Connection: close\r\n', '');
  const said = await wire.said(`${call}${good}${rest}`);
  expect(said.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 404']);
});

it('a request that is being carried out is answered, and not the half one behind it', async () => {
  const good = '{"loginId":"nobody","password":"a long password"}';
  const slow = head(`Content-Length: ${good.length}\r\n`, 'POST /v1/sessions').replace('Connection: close\r\n', '');
  const half = head('Transfer-Encoding: chunked\r\n').replace('Connection: close\r\n', '');
  expect((await wire.said(`${slow}${good}${half}zz\r\n`)).match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 503']);
});

it.each([
  ['a tunnel', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'],
  ['no HTTP', 'x\r\n\r\n'],
])('a client that asks for %s and never closes is closed; one that breaks off harms nobody', async (_, text) => {
  expect(await wire.said(text, { andStay: true })).toContain('HTTP/1.1 400');
  for (let i = 0; i < 20; i++) await wire.breaksOff(text);
  expect(await wire.said(head('', 'GET /v1/nowhere'))).toContain('HTTP/1.1 404');
});

it('a body that is cut off is no success', async () => {
  expect(await wire.said(`${head('Content-Length: 200\r\n')}{"loginId":`, { andEnd: true })).not.toMatch(/^HTTP\/1\.1 [25]/);
});
