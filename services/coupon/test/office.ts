import { fileURLToPath } from 'node:url';
import { type Bus, openBus, openOutbox, type Outbox } from '@jumun/messaging';
import { coupon, refusalData, topics } from '@jumun/protos';
import { createLogger, type Database, newId } from '@jumun/service-kit';
import { freshDatabase, freshPrefix, infrastructure, type RunningService, startService, type StartService } from '@jumun/testkit';
import { createCouponEvent } from '../src/create-event/create-coupon-event.ts';
import { type IssueCoupon, openIssuing } from '../src/issue/issue.ts';

export const migrations = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
export const logger = createLogger('coupon', 'silent');

/** Coupons of its own: schema, topics and what the service opens over them. */
export interface Office {
  readonly url: string;
  readonly db: Database;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly issue: IssueCoupon;
  readonly topicPrefix: string;
  readonly close: () => Promise<void>;
}

export const openOffice = async (): Promise<Office> => {
  const fresh = await freshDatabase(migrations);
  const { url, db } = fresh;
  const { kafkaBrokers } = await infrastructure();
  const topicPrefix = freshPrefix();
  const bus = openBus({ brokers: kafkaBrokers, clientId: 'coupon', topicPrefix, logger });
  await bus.createTopics(topics.filter(({ name }) => /coupon|replies/.test(name)));
  const outbox = openOutbox({ db, bus, logger });
  return {
    url,
    db,
    bus,
    outbox,
    topicPrefix,
    issue: openIssuing({ db, outbox, limits: { batchSizeMax: 500, queueMax: 10_000 } }),
    close: async () => {
      await outbox.stop();
      await bus.close();
      await fresh.drop();
    },
  };
};

/** The built service over the office's schema and topics. */
export const startCoupons = ({ url, topicPrefix }: Office, more: Pick<StartService, 'until'> = {}): Promise<RunningService> =>
  startService({ program, env: { DATABASE_URL: url, TOPIC_PREFIX: topicPrefix }, ...more });

/** Without a key unless one is given. */
export const keyed = (key = '', caller = '00000000-0000-7000-8000-00000000ad31', fingerprint = 'f'.repeat(64)) => ({
  caller,
  route: 'POST /v1/test',
  key,
  fingerprint,
});

const MINUTE_MS = 60_000;
/** Minutes from now. */
export const inMinutes = (minutes: number): Date => new Date(Date.now() + minutes * MINUTE_MS);

export const newEvent = (given: Partial<coupon.CreateCouponEventRequest> = {}): coupon.CreateCouponEventRequest =>
  coupon.CreateCouponEventRequest.fromPartial({
    idempotency: keyed(),
    name: 'Autumn',
    discount: { type: coupon.DiscountType.FIXED, value: 1_000 },
    totalQuantity: 10,
    opensAt: inMinutes(-1),
    closesAt: inMinutes(10),
    couponValidUntil: inMinutes(60),
    ...given,
  });

/** Opens an event and answers its id. */
export const putEvent = async ({ db }: Pick<Office, 'db'>, given: Partial<coupon.CreateCouponEventRequest> = {}): Promise<string> => {
  const outcome = await createCouponEvent(db, newEvent(given));
  if ('refused' in outcome) throw new Error(`refused: ${outcome.refused.kind?.$case}`);
  return outcome.effect.id;
};

export const claim = (eventId: string, userId: string, key = ''): coupon.IssueCouponRequest =>
  coupon.IssueCouponRequest.fromPartial({ idempotency: keyed(key, userId), eventId, userId });

/** What a claimant hears: the coupon's id, or the refusal with its data. */
export const hear = async (office: Pick<Office, 'issue'>, request: coupon.IssueCouponRequest): Promise<string | { code: string }> => {
  const outcome = await office.issue(request);
  return 'refused' in outcome ? refusalData(outcome.refused) : outcome.effect.id;
};

/** A user with one coupon. */
export const holder = async (
  office: Office,
  given: Partial<coupon.CreateCouponEventRequest> = {},
): Promise<{ userId: string; couponId: string }> => {
  const userId = newId();
  const couponId = await hear(office, claim(await putEvent(office, given), userId));
  if (typeof couponId !== 'string') throw new Error(`refused: ${couponId.code}`);
  return { userId, couponId };
};

/** Events that count other coupons than there are of them. */
export const brokenBooks = ({ db }: Pick<Office, 'db'>): Promise<unknown[]> =>
  db.query(`
    SELECT e.id, e.issued, e.total_quantity, COUNT(c.id) AS coupons, COUNT(DISTINCT c.user_id) AS users
      FROM coupon_events e LEFT JOIN coupons c ON c.event_id = e.id
     GROUP BY e.id HAVING e.issued <> coupons OR users <> coupons OR e.issued > e.total_quantity`);
