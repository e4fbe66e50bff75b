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
])('%s is a 4xx that is a problem', async (_, text) => {
  expect(await wire.said(text())).toMatch(/^HTTP\/1\.1 4\d\d [\s\S]*application\/problem\+json[\s\S]*"code":"[A-Z_]+"/);
});

it('a body that is cut off is no success', async () => {
  expect(await wire.said(`${head('Content-Length: 200\r\n')}{"loginId":`, { andEnd: true })).not.toMatch(/^HTTP\/1\.1 [25]/);
});
