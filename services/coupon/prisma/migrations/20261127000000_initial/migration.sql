-- First come, first served: issued never passes total_quantity, whoever asks at once.
CREATE TABLE coupon_events (
  id                  CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name                VARCHAR(100) NOT NULL,
  discount_type       VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Percent, or won.
  discount_value      BIGINT       NOT NULL,
  max_discount        BIGINT       NULL,
  min_order_amount    BIGINT       NULL,
  total_quantity      BIGINT       NOT NULL,
  issued              BIGINT       NOT NULL DEFAULT 0,
  opens_at            DATETIME(3)  NOT NULL,
  closes_at           DATETIME(3)  NOT NULL,
  coupon_valid_until  DATETIME(3)  NOT NULL,
  created_at          DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  KEY coupon_events_created_at (created_at, id),
  CONSTRAINT coupon_events_issued CHECK (issued >= 0 AND issued <= total_quantity),
  CONSTRAINT coupon_events_discount CHECK (discount_type IN ('PERCENT', 'FIXED'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Status AVAILABLE, HELD or USED, both by order_id; expiry is a matter of reading the clock. From the hold to the use only the status changes,
-- which no index has.
CREATE TABLE coupons (
  id          CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  event_id    CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id     CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  order_id    CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  expires_at  DATETIME(3) NOT NULL,
  created_at  DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  updated_at  DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  UNIQUE KEY coupons_one_a_user (event_id, user_id),
  UNIQUE KEY coupons_order (order_id),
  KEY coupons_user (user_id, created_at, id),
  CONSTRAINT coupons_of FOREIGN KEY (event_id) REFERENCES coupon_events (id),
  CONSTRAINT coupons_status CHECK (status IN ('AVAILABLE', 'HELD', 'USED')),
  CONSTRAINT coupons_holder CHECK ((status = 'AVAILABLE') = (order_id IS NULL))
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

-- What packages/messaging keeps in every service that takes commands: which were claimed, and what was answered.
CREATE TABLE inbox (
  id          VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  claim       CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fingerprint CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NULL,
  reply_type  VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL,
  reply       TEXT         CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  created_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  KEY inbox_created_at (created_at)
) ENGINE = InnoDB;

-- Events of effects that start outside Kafka, written with the effect and published right after it.
CREATE TABLE outbox (
  id          CHAR(36)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  topic       VARCHAR(200)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message_key VARCHAR(200)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  type        VARCHAR(100)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  payload     TEXT          CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  traceparent VARCHAR(60)   CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at  DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  sent_at     DATETIME(3)   NULL,
  PRIMARY KEY (id),
  KEY outbox_unsent (sent_at, created_at)
) ENGINE = InnoDB;
