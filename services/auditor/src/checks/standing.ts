/**
 * All that the auditor knows of where an order stands: its row says how it has ended; while it is open its row says no more than that, and its
 * saga's stage the rest. Said here in the auditor's own words, as it would have to be true whatever the orchestrator makes of it.
 */
export const ORDERS_AND_SAGAS = "orders o LEFT JOIN sagas s ON s.id = IF(o.status IN ('COMPLETED', 'CANCELLED'), NULL, o.id)";

/** Where an order stands or stood if its saga's progress, or its history, is no JSON. That is a violation by itself, and nothing else follows from it. */
export const UNREADABLE = 'UNREADABLE';

/** An open order without a saga stands where it was accepted. One whose saga has ended without it stands there: that they differ is asked elsewhere. */
export const STATUS = `
  CASE WHEN s.id IS NULL THEN o.status
       WHEN NOT JSON_VALID(s.progress) AND s.outcome IS NULL THEN '${UNREADABLE}'
       WHEN s.outcome = 'COMPLETED' THEN 'COMPLETED'
       WHEN s.outcome = 'REFUSED' THEN 'CANCELLED'
       WHEN JSON_VALUE(s.progress, '$.stage') = 'reserve' THEN 'VALIDATING'
       ELSE 'PROCESSING' END`;
