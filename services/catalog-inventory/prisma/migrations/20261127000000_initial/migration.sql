-- What is for sale. Prices are won. SOLD_OUT is never stored: it is read from the stock.
CREATE TABLE products (
  id          CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name        VARCHAR(100)  NOT NULL,
  description TEXT          NULL,
  category    VARCHAR(100)  NULL,
  price       BIGINT        NOT NULL,
  status      VARCHAR(16)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version     BIGINT        NOT NULL DEFAULT 1,
  -- Its options are made with it. A quote that finds one of them need not look for the others to know how to name it.
  option_count INT          NOT NULL DEFAULT 1,
  deleted_at  DATETIME(3)   NULL,
  created_at  DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  KEY products_created_at (created_at, id),
  KEY products_price (price, id),
  KEY products_name (name, id),
  KEY products_category (category, created_at, id),
  -- Counts what a list shows without reading its rows.
  KEY products_shown (deleted_at, status),
  CONSTRAINT products_status CHECK (status IN ('PREPARING', 'ON_SALE', 'SUSPENDED'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE product_options (
  id          CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  product_id  CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  position    INT           NOT NULL,
  name        VARCHAR(100)  NOT NULL,
  -- Replaces the product's price where it is set.
  price       BIGINT        NULL,
  created_at  DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  KEY product_options_product (product_id, position),
  CONSTRAINT product_options_of FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- One row an option, the row that a reservation locks. On hand is available + reserved.
CREATE TABLE stock (
  option_id   CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  product_id  CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  available   BIGINT NOT NULL,
  reserved    BIGINT NOT NULL DEFAULT 0,
  sold        BIGINT NOT NULL DEFAULT 0,
  version     BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (option_id),
  KEY stock_product (product_id),
  CONSTRAINT stock_available CHECK (available >= 0),
  CONSTRAINT stock_reserved CHECK (reserved >= 0)
) ENGINE = InnoDB;

-- What an order holds of an option. Only the orchestrator ends a reservation: RELEASED or COMMITTED.
CREATE TABLE reservations (
  order_id    CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  option_id   CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  quantity    BIGINT      NOT NULL,
  status      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at  DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  ended_at    DATETIME(3) NULL,
  PRIMARY KEY (order_id, option_id),
  CONSTRAINT reservations_status CHECK (status IN ('RESERVED', 'RELEASED', 'COMMITTED'))
) ENGINE = InnoDB;

-- Every change of what is on hand: INITIAL + ADJUSTMENT + SALE + RESTOCK = available + reserved.
CREATE TABLE stock_movements (
  id             BIGINT NOT NULL AUTO_INCREMENT,
  option_id      CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  type           VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  delta          BIGINT       NOT NULL,
  on_hand_after  BIGINT       NOT NULL,
  -- What it was for: an order, an adjustment, or the option itself.
  cause_id       VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  order_id       CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  reason         VARCHAR(200) NULL,
  created_at     DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  UNIQUE KEY stock_movements_cause (cause_id, option_id, type),
  CONSTRAINT stock_movements_type CHECK (type IN ('INITIAL', 'ADJUSTMENT', 'SALE', 'RESTOCK'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

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
