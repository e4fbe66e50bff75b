/** What a service that takes commands has in its migration: which commands were claimed, and what was answered. */
export const INBOX_DDL = `CREATE TABLE inbox (
  id          VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  claim       CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fingerprint CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NULL,
  reply_type  VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL,
  reply       TEXT         CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  created_at  DATETIME(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  KEY inbox_created_at (created_at)
) ENGINE = InnoDB`;

/** What a service has in its migration that publishes effects which started outside Kafka, or takes commands: dead letters of condemned ones. */
export const OUTBOX_DDL = `CREATE TABLE outbox (
  id          CHAR(36)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  topic       VARCHAR(200)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message_key VARCHAR(200)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  type        VARCHAR(100)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  payload     TEXT          CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  traceparent VARCHAR(60)   CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at  DATETIME(3)   NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  sent_at     DATETIME(3)   NULL,
  refused_at  DATETIME(3)   NULL,
  PRIMARY KEY (id),
  KEY outbox_unsent (sent_at, topic, refused_at, created_at)
) ENGINE = InnoDB`;
