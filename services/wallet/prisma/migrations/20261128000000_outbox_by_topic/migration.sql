-- What waits in one topic is not read past for another, and what the broker refuses for good stands behind everything else.
ALTER TABLE outbox
  ADD COLUMN refused_at DATETIME(3) NULL,
  DROP KEY outbox_unsent,
  ADD KEY outbox_unsent (sent_at, topic, refused_at, created_at);
