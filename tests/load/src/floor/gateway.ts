import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { askLines } from './lines.ts';
import type { FloorSetting, Order } from './setting.ts';

/** Who is signed in, if the token is ours. */
const userOf = ({ headers }: IncomingMessage, key: string): string | undefined => {
  const [head, claims, signature] = (headers.authorization ?? '').slice('Bearer '.length).split('.');
  const expected = createHmac('sha256', key).update(`${head}.${claims}`).digest('base64url');
  return signature === expected ? (JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()) as { sub: string }).sub : undefined;
};

interface NewOrder {
  readonly items: readonly [{ readonly optionId: string; readonly quantity: number }];
  readonly couponId?: string;
}

/** `POST /v1/orders` as the generator sends it; anything else is not foreseen. */
export const gateway = async ({ ports, jwtSigningKey }: FloorSetting): Promise<void> => {
  const place = askLines<Order, string>(ports.orchestrator);
  const server = createServer((request, response) => {
    void (async () => {
      const userId = userOf(request, jwtSigningKey);
      const { items, couponId } = JSON.parse(await text(request)) as NewOrder;
      if (userId === undefined) {
        response.writeHead(401).end('{}');
        return;
      }
      const key = String(request.headers['idempotency-key']);
      const id = await place({ key, userId, ...items[0], ...(couponId !== undefined && { couponId }) });
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ id, status: 'COMPLETED' }));
    })();
  });
  await new Promise<void>((resolve) => server.listen(ports.gateway, '127.0.0.1', resolve));
};
