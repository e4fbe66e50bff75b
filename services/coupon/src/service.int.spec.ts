import { coupon, topicNames } from '@jumun/protos';
import { grpcClient, newId } from '@jumun/service-kit';
import { eventually, killLeftovers, reflect } from '@jumun/testkit';
import { openDesk } from '@jumun/testkit/desk';
import { brokenBooks, claim, newEvent, type Office, openOffice, putEvent, startCoupons } from '../test/office.ts';

// Processes are started and killed here, on cores that may be busy.
const withinMs = 180_000;

// The built service, as it is deployed: `npm run build -w @jumun/coupon` makes it.

let office: Office;
const clients: { close(): void }[] = [];
const clientOf = (address: string) => {
  const client = grpcClient(coupon.CouponServiceClient, address, { deadlineMs: 5_000 });
  clients.push(client);
  return client;
};
beforeAll(async () => {
  office = await openOffice();
});
afterAll(async () => {
  for (const client of clients) client.close();
  killLeftovers();
  await office.close();
});

it(
  'speaks gRPC and Kafka, and leaves when it is told to',
  async () => {
    const service = await startCoupons(office);
    const client = clientOf(service.grpc);
    const made = await client.createCouponEvent(newEvent());
    const eventId = made.outcome?.$case === 'created' ? made.outcome.created.id : '';
    const userId = newId();
    const answer = await client.issueCoupon(claim(eventId, userId));
    const issued = answer.outcome?.$case === 'issued' ? answer.outcome.issued : undefined;
    const listed = await client.listCoupons(coupon.ListCouponsRequest.fromPartial({ userId, limit: 5 }));
    expect(listed.outcome).toMatchObject({ page: { items: [issued] } });
    const questions = [{ couponId: issued!.id, userId }];
    const quoted = await client.quoteCoupons(coupon.QuoteCouponsRequest.fromPartial({ questions }));
    expect(quoted.quotes[0]?.outcome).toEqual({ $case: 'discount', discount: issued!.discount });

    const desk = await openDesk(office.bus, topicNames.orderReplies);
    const orderId = newId();
    const payload = coupon.HoldCoupon.fromPartial({ orderId, userId, couponId: issued!.id });
    const command = { topic: topicNames.couponCommands, key: orderId, id: `${orderId}/coupon/1`, payload, issuedAt: new Date() };
    expect(await desk.ask(command)).toMatchObject({ $type: 'jumun.coupon.v1.CouponHeld' });
    await desk.close();
    const methods = Object.values(coupon.CouponServiceService).map(({ path }) => path);
    expect((await reflect(service.grpc)).services).toMatchObject({ 'jumun.coupon.v1.CouponService': methods });
    expect(await service.end()).toBe(0);
  },
  withinMs,
);

it.each([
  ['once:written-not-committed', false],
  ['once:committed-not-answered', true],
])(
  'gives one coupon to a user whose claim met a kill at %s',
  async (point, replayed) => {
    const eventId = await putEvent(office, { totalQuantity: 1 });
    const request = claim(eventId, newId(), newId());
    const first = await startCoupons(office, { until: 'livez' });
    const broken = clientOf(first.grpc);
    await eventually(() => broken.listCoupons(coupon.ListCouponsRequest.fromPartial({ userId: newId(), limit: 1 })), { withinMs });
    first.arm(point, 'kill');
    await expect(broken.issueCoupon(request)).rejects.toThrow('IssueCoupon');
    expect(await first.ended).toBe('SIGKILL');

    const second = await startCoupons(office, { until: 'livez' });
    const client = clientOf(second.grpc);
    const answer = await eventually(() => client.issueCoupon(request), { withinMs });
    expect(answer).toMatchObject({ outcome: { $case: 'issued', issued: { eventId } }, replayed });
    expect(await office.db.query('SELECT COUNT(*) AS n FROM outbox WHERE message_key = ?', [request.userId])).toEqual([{ n: 1 }]);
    expect(await brokenBooks(office)).toEqual([]);
    killLeftovers();
  },
  withinMs,
);
