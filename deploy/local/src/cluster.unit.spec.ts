import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from './cluster.ts';
import { readRecord } from './run-record.ts';

test('a start that fails leaves no record, and no addresses of a cluster that was killed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'jumun-cluster-'));
  const taken = createServer();
  try {
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    writeFileSync(join(dir, 'cluster.json'), '{}');
    await expect(startCluster({ dir, portBase: port, infra: 'native' })).rejects.toThrow(`Port ${port} is taken`);
    expect(existsSync(join(dir, 'cluster.json'))).toBe(false);
    expect(readRecord(dir)).toBeUndefined();
  } finally {
    taken.close();
    rmSync(dir, { recursive: true });
  }
});
