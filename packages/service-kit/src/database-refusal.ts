import { createConnection } from 'mariadb';
import { connectionOf } from './database-url.ts';

/** What a server says against an account or a schema, by its number. It will say so again until somebody changes one of them. */
const REFUSALS = new Map([
  [1044, 'Access denied to this schema'],
  [1045, 'Access denied'],
  [1698, 'Access denied'], // MariaDB, of an account that no password opens
  [1049, 'Unknown schema'],
]);

/**
 * Why the server of this URL lets nobody in with it: user, password or schema are wrong. Undefined when it does, and when it does not answer,
 * which may be over in a moment. The pool would tell neither from the other: it tries again, and then speaks of a time-out.
 */
export const databaseRefusal = async (url: string): Promise<string | undefined> => {
  const connection = connectionOf(url);
  try {
    await (await createConnection(connection)).end();
    return undefined;
  } catch (error) {
    const reason = REFUSALS.get((error as { errno?: number }).errno ?? 0);
    if (reason === undefined) return undefined;
    const { host, port, user } = connection;
    return `MySQL at ${host}:${port} refuses user ${user} (${reason}): check user, password and schema.`;
  }
};
