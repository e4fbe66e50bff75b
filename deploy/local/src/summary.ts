import type { ClusterFile } from './cluster-file.ts';

/** What somebody wants to know who has just started it. */
export const summary = ({ gatewayUrl, admin, customers, mysql, kafka, redis }: ClusterFile): string => {
  const account = (name: string, { loginId, password }: { loginId: string; password: string }): string =>
    `  ${name.padEnd(10)} ${loginId.padEnd(10)} ${password}`;
  return [
    `Jumun answers at ${gatewayUrl}   (try it: ${gatewayUrl}/docs)`,
    '',
    account('admin', admin),
    ...customers.map((customer) => account('customer', customer)),
    '',
    `  MySQL ${mysql.host}:${mysql.port}   Kafka ${kafka.brokers.join(',')}   Redis ${redis.host}:${redis.port}`,
    `  everything else, with keys and tokens: .local/cluster.json   (tokens run out after 15 minutes)`,
    '',
    `  curl -s '${gatewayUrl}/v1/products?size=3'`,
  ].join('\n');
};
