-- Users and their sessions. A login id is lower case by rule, so that no collation has to decide equality.
CREATE TABLE users (
  id            CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  login_id      VARCHAR(50)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name          VARCHAR(100) NOT NULL,
  password_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  role          VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at    DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  UNIQUE KEY users_login_id (login_id),
  CONSTRAINT users_role CHECK (role IN ('CUSTOMER', 'ADMIN'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- One row a sign-in; the refresh token changes at each refresh, and using a spent one ends the session. Its key signs
-- them: one that is signed and not the current one was spent, one that is not signed has never been issued.
CREATE TABLE sessions (
  id            CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id       CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  token_key     CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  refresh_hash  CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  expires_at    DATETIME(3) NOT NULL,
  ended_at      DATETIME(3) NULL,
  created_at    DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  KEY sessions_user (user_id),
  KEY sessions_expires_at (expires_at)
) ENGINE = InnoDB;

-- One row a user. Amounts are won. The version rises by one with every ledger entry.
CREATE TABLE wallets (
  user_id     CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  balance     BIGINT      NOT NULL DEFAULT 0,
  version     BIGINT      NOT NULL DEFAULT 0,
  updated_at  DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (user_id),
  CONSTRAINT wallets_balance CHECK (balance >= 0)
) ENGINE = InnoDB;

-- Every change of every balance, for ever; never changed, never deleted. cause_id is what it was for: an order, or the charge itself.
CREATE TABLE ledger (
  id             CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id        CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version        BIGINT      NOT NULL,
  type           VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount         BIGINT      NOT NULL,
  balance_after  BIGINT      NOT NULL,
  cause_id       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  order_id       CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at     DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  UNIQUE KEY ledger_cause (cause_id, type),
  -- Lists a user's entries, newest first; those of one type are read off it too: an index of their own would cost every payment an entry.
  UNIQUE KEY ledger_version (user_id, version),
  CONSTRAINT ledger_type CHECK (type IN ('CHARGE', 'PAYMENT', 'REFUND')),
  CONSTRAINT ledger_sign CHECK ((type = 'PAYMENT') = (amount < 0))
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
