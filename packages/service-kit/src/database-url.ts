import type { ConnectionConfig } from 'mariadb';

/** Only what a URL says; everything else is the code's decision. Throws on anything but `mysql://user:password@host:port/schema`. */
export const connectionOf = (url: string): ConnectionConfig => {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  if (protocol !== 'mysql:' && protocol !== 'mariadb:') throw new Error('the database URL must start with mysql://');
  return {
    host: hostname,
    port: port === '' ? 3306 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.length > 1 ? decodeURIComponent(pathname.slice(1)) : undefined,
    // MySQL 8.4 and later authenticate with caching_sha2_password, which needs TLS or the server's key.
    allowPublicKeyRetrieval: true,
    connectTimeout: 2_000,
    charset: 'utf8mb4',
  };
};
