-- An order as its buyer sees it, once it has ended. Amounts are won and frozen when the order is accepted. The row is written then and at the end:
-- how an open order stands, and whether it is paid, follows from its saga. What completes an order has its room from the beginning (CHAR, and an
-- instant that never comes), so that the row is changed where it lies: one that grew would be moved about in its page.
CREATE TABLE orders (
  id             CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id        CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- VALIDATING, where each order is accepted, says that it is open, and no more.
  status         CHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Why it was cancelled: a jumun.refusals.v1.Refusal as JSON.
  reason         TEXT        CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  payment_mode   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subtotal       BIGINT      NOT NULL,
  discount       BIGINT      NOT NULL,
  total          BIGINT      NOT NULL,
  refunded       BIGINT      NOT NULL DEFAULT 0,
  coupon_id      CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  payment_status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  paid_at        DATETIME(3) NOT NULL DEFAULT '9999-12-31 23:59:59.999',
  created_at     DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  completed_at   DATETIME(3) NOT NULL DEFAULT '9999-12-31 23:59:59.999',
  cancelled_at   DATETIME(3) NULL,
  PRIMARY KEY (id),
  -- A list by status reads the user's own orders: an index of it would cost each order five entries.
  KEY orders_user (user_id, created_at, id),
  CONSTRAINT orders_status CHECK (status IN ('VALIDATING', 'COMPLETED', 'CANCELLED')),
  CONSTRAINT orders_total CHECK (total >= 0 AND total = subtotal - discount)
) ENGINE = InnoDB;

CREATE TABLE order_lines (
  order_id            CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  line_number         INT          NOT NULL,
  product_id          CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  option_id           CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name                VARCHAR(210) CHARACTER SET utf8mb4 NOT NULL,
  unit_price          BIGINT       NOT NULL,
  quantity            BIGINT       NOT NULL,
  cancelled_quantity  BIGINT       NOT NULL DEFAULT 0,
  discount_share      BIGINT       NOT NULL,
  PRIMARY KEY (order_id, line_number)
) ENGINE = InnoDB;

-- The saga row is the outbox: what must be sent next is derived from it.
CREATE TABLE sagas (
  id                  CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  order_id            CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  definition          VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  definition_version  INT         NOT NULL,
  -- Rises with every move; a move that read an older one is void.
  version             INT         NOT NULL,
  progress            TEXT        CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  -- What the saga is about; written again only when a step has changed it.
  data                MEDIUMTEXT  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  -- What happened to the order, step by step: a line a move, each [{at, source, kind, detail}], `at` in epoch milliseconds. Only appended to.
  timeline            MEDIUMTEXT  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  -- When the sweep must look again, at the latest; NULL once it has ended and its event is out. A move leaves an earlier look as it is.
  next_at             DATETIME(3) NULL,
  stuck               BOOLEAN     NOT NULL DEFAULT FALSE,
  -- COMPLETED or REFUSED once ended.
  outcome             VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  -- The final event, frozen at the end so that every re-send is the same. Its id is the saga's: a saga ends once.
  event_type          VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL,
  event_payload       MEDIUMTEXT  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  event_sent_at       DATETIME(3) NULL,
  created_at          DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at          DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  -- For the sweep. That it goes on with `stuck` lets parked sagas, which are due at no time, be counted without a key of their own.
  KEY sagas_due (next_at, stuck)
) ENGINE = InnoDB;

-- A key stands for at most one effect: the row is written in the transaction of that effect, never before it.
CREATE TABLE idempotency (
  caller      CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  route       VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  idempotency_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fingerprint CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- What the effect made; how it was answered is read from there, or stands in answer.
  effect_id   CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  answer      MEDIUMTEXT   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  created_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (caller, route, idempotency_key),
  KEY idempotency_created_at (created_at)
) ENGINE = InnoDB;
