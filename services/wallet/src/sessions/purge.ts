/** Sessions that have run out; a batch is small so that it holds no lock for long. */
export const purgeSessions = { table: 'sessions', where: 'expires_at < UTC_TIMESTAMP(3)' } as const;
