import { catalog, inventory, topicNames } from '@jumun/protos';
import { grpcClient, newId } from '@jumun/service-kit';
import { eventually, killLeftovers, reflect } from '@jumun/testkit';
import { openDesk } from '@jumun/testkit/desk';
import { brokenBooks, keyed, newProduct, openShop, type Shop, startCatalog } from '../test/shop.ts';

// Processes are started and killed here, on cores that may be busy.
const withinMs = 180_000;

// The built service, as it is deployed: `npm run build -w @jumun/catalog-inventory` makes it.

let shop: Shop;
const clients: { close(): void }[] = [];
const clientOf = (address: string) => {
  const client = grpcClient(catalog.CatalogServiceClient, address, { deadlineMs: 5_000 });
  clients.push(client);
  return client;
};
beforeAll(async () => {
  shop = await openShop();
});
afterAll(async () => {
  for (const client of clients) client.close();
  killLeftovers();
  await shop.close();
});

const create = (key: string, stock: number) =>
  newProduct({ idempotency: { $type: 'jumun.common.v1.IdempotencyKey', ...keyed(key) }, options: [{ name: 'x', stock }] });

it(
  'speaks gRPC and Kafka, and leaves when it is told to',
  async () => {
    const service = await startCatalog(shop);
    const client = clientOf(service.grpc);
    const made = await client.createProduct(create(newId(), 5));
    const product = made.outcome?.$case === 'created' ? made.outcome.created : undefined;
    const optionId = product!.options[0]!.id;
    expect((await client.listProducts(catalog.ListProductsRequest.fromPartial({ page: 1, size: 5 }))).items[0]).toEqual(product);
    expect((await client.getProduct(catalog.GetProductRequest.fromPartial({ productId: product!.id }))).product).toEqual(product);
    const lines = [{ productId: product!.id, quantity: 2 }];
    expect((await client.quoteBaskets(catalog.QuoteBasketsRequest.fromPartial({ baskets: [{ lines }] }))).quotes[0]?.outcome?.$case).toBe(
      'quoted',
    );

    const desk = await openDesk(shop.bus, topicNames.orderReplies);
    const orderId = newId();
    const payload = inventory.ReserveStock.fromPartial({ orderId, lines: [{ productId: product!.id, optionId, quantity: 2 }] });
    const command = { topic: topicNames.inventoryCommands, key: orderId, id: `${orderId}/stock/1`, payload, issuedAt: new Date() };
    expect(await desk.ask(command)).toMatchObject({ $type: 'jumun.inventory.v1.StockReserved' });
    await desk.close();

    const metrics = await (await fetch(`http://${service.internal}/metrics`)).text();
    expect(metrics).toContain('jumun_batch_seconds');
    const methods = Object.values(catalog.CatalogServiceService).map(({ path }) => path);
    expect((await reflect(service.grpc)).services).toMatchObject({ 'jumun.catalog.v1.CatalogService': methods });
    expect(await service.end()).toBe(0);
  },
  withinMs,
);

it(
  'answers the largest product that the gateway lets through again, whole',
  async () => {
    const service = await startCatalog(shop);
    const client = clientOf(service.grpc);
    const request = newProduct({
      idempotency: { $type: 'jumun.common.v1.IdempotencyKey', ...keyed(newId()) },
      name: '차'.repeat(100),
      category: '잎'.repeat(100),
      description: '첫물녹차'.repeat(2_500),
      price: 1_000_000_000,
      options: Array.from({ length: 100 }, (_, n) => ({ name: `${n}`.padEnd(100, '향'), price: 1_000_000_000, stock: 1_000_000_000 })),
    });
    const made = await client.createProduct(request);
    expect(made.outcome?.$case === 'created' && made.outcome.created.options).toHaveLength(100);
    expect(await client.createProduct(request)).toEqual({ ...made, replayed: true });
    const other = { ...request, idempotency: { ...request.idempotency!, fingerprint: 'e'.repeat(64) } };
    expect(await client.createProduct(other)).toMatchObject({ outcome: { refused: { kind: { $case: 'idempotencyKeyReused' } } } });
    expect(await service.end()).toBe(0);
  },
  withinMs,
);

it(
  'answers the same after it was killed between an adjustment and its answer',
  async () => {
    const first = await startCatalog(shop);
    const made = await clientOf(first.grpc).createProduct(create(newId(), 5));
    const optionId = made.outcome?.$case === 'created' ? made.outcome.created.options[0]!.id : '';
    const request = catalog.AdjustStockRequest.fromPartial({ idempotency: keyed(newId()), optionId, delta: 7, reason: 'found' });
    first.arm('once:committed-not-answered', 'kill');
    await expect(clientOf(first.grpc).adjustStock(request)).rejects.toThrow('AdjustStock');
    expect(await first.ended).toBe('SIGKILL');

    const second = await startCatalog(shop, { until: 'livez' });
    const client = clientOf(second.grpc);
    const answer = await eventually(() => client.adjustStock(request), { withinMs });
    expect(answer).toMatchObject({ outcome: { $case: 'adjusted', adjusted: { optionId, onHand: 12 } }, replayed: true });
    expect(await shop.db.query('SELECT COUNT(*) AS n FROM outbox WHERE message_key = ?', [optionId])).toEqual([{ n: 1 }]);
    expect(await brokenBooks(shop)).toEqual([]);
  },
  withinMs,
);
