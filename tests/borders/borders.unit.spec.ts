/** Shows: the linter, as it is configured, refuses every way across a border of style §19 that was ever open, and lets honest imports through. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = process.cwd(); // jest's rootDir
const tree = mkdtempSync(join(tmpdir(), 'jumun-borders-'));
afterAll(() => rmSync(tree, { recursive: true, force: true }));

interface Case {
  readonly file: string;
  readonly line: string;
}
const put = ({ file, line }: Case): void => {
  mkdirSync(dirname(join(tree, file)), { recursive: true });
  writeFileSync(join(tree, file), `${line}\n`);
};

/** The borders that the linter sees crossed, a file each. */
const crossings = (): Map<string, string> => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/oxlint/bin/oxlint'), '-c', join(root, '.oxlintrc.json'), '--format', 'json', '.'],
    { cwd: tree, encoding: 'utf8' },
  );
  if (!stdout.startsWith('{')) throw new Error(`the linter did not run: ${stdout}${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string; message: string }[] };
  return new Map(diagnostics.filter(({ code }) => code === 'jumun(borders)').map(({ filename, message }) => [filename, message]));
};

const use = (specifier: string): string => `import { something } from '${specifier}';\nsomething();`;

const refused: (Case & { readonly because: RegExp })[] = [
  { file: 'services/wallet/src/books.ts', line: use('@jumun/service-kit'), because: /domain imports nothing/ },
  { file: 'services/wallet/src/debit/relative.ts', line: use('../../../coupon/src/coupon.ts'), because: /out of services\/wallet/ },
  { file: 'services/wallet/src/debit/lazy.ts', line: "await import('../../../coupon/src/coupon.ts');", because: /out of services\/wallet/ },
  {
    file: 'services/wallet/src/debit/again.ts',
    line: "export * from '../../../coupon/src/coupon.ts';",
    because: /out of services\/wallet/,
  },
  {
    file: 'services/wallet/src/debit/type.ts',
    line: "export type Coupon = import('../../../coupon/src/coupon.ts').Coupon;",
    because: /out of services\/wallet/,
  },
  {
    file: 'services/wallet/src/debit/package.ts',
    line: use('../../../../packages/messaging/src/bus.ts'),
    because: /out of services\/wallet/,
  },
  { file: 'services/wallet/test/far.ts', line: use('../../coupon/test/office.ts'), because: /out of services\/wallet/ },
  { file: 'services/wallet/src/debit/name.ts', line: use('@jumun/coupon'), because: /Nobody imports a service \(coupon\)/ },
  { file: 'services/wallet/src/debit/kafka.ts', line: use('kafkajs'), because: /Only packages\/messaging/ },
  { file: 'services/wallet/src/debit/testing.ts', line: use('@jumun/testkit'), because: /does not know @jumun\/testkit/ },
  { file: 'services/wallet/src/debit/built.ts', line: use('../../dist/wallet.js'), because: /by the name of its package/ },
  { file: 'services/wallet/src/node.ts', line: use('node:crypto'), because: /The domain imports nothing/ },
  { file: 'services/wallet/src/node-bare.ts', line: use('crypto'), because: /The domain imports nothing/ },
  { file: 'services/wallet/src/package.ts', line: use('mariadb'), because: /The domain imports nothing/ },
  { file: 'services/wallet/src/kit.ts', line: use('@jumun/service-kit'), because: /The domain imports nothing/ },
  { file: 'services/wallet/src/sql.ts', line: use('./store/wallets.ts'), because: /The domain imports nothing/ },
  { file: 'services/wallet/src/wired.ts', line: use('./wallet.module.ts'), because: /The domain imports nothing/ },
  { file: 'packages/service-kit/src/audit.ts', line: use('@jumun/auditor'), because: /Nobody imports a service \(auditor\)/ },
  { file: 'packages/service-kit/src/shop.ts', line: use('@jumun/protos'), because: /does not know @jumun\/protos/ },
  { file: 'packages/messaging/src/shop.ts', line: use('@jumun/wallet'), because: /Nobody imports a service/ },
  {
    file: 'packages/messaging/src/order.ts',
    line: "import { common, orders } from '@jumun/protos';\nuse(common, orders);",
    because: /not orders/,
  },
  { file: 'packages/messaging/src/all.ts', line: "import * as protos from '@jumun/protos';\nuse(protos);", because: /not everything/ },
  { file: 'packages/messaging/src/again.ts', line: "export { topicNames as names } from '@jumun/protos';", because: /not topicNames/ },
  { file: 'packages/messaging/src/star.ts', line: "export * from '@jumun/protos';", because: /not everything/ },
  { file: 'packages/messaging/src/lazy.ts', line: "await import('@jumun/protos');", because: /not everything/ },
  {
    file: 'packages/messaging/src/type.ts',
    line: "export type Charge = import('@jumun/protos').wallet.Charge;",
    because: /only common, messageTypeRegistry, deadLetterTopic, INBOX_RETENTION_MS; not wallet/,
  },
  { file: 'packages/messaging/test/cluster.ts', line: use('../../../deploy/local/src/cluster.ts'), because: /out of packages\/messaging/ },
  { file: 'packages/saga/src/node.ts', line: use('node:crypto'), because: /packages\/saga is pure/ },
  { file: 'packages/saga/src/kit.ts', line: use('@jumun/service-kit'), because: /does not know @jumun\/service-kit/ },
  { file: 'deploy/local/src/kafka.ts', line: use('kafkajs'), because: /Only packages\/messaging/ },
  { file: 'tests/load/src/kafka.ts', line: use('kafkajs'), because: /Only packages\/messaging/ },
  { file: 'deploy/local/src/service.ts', line: use('@jumun/auditor'), because: /Nobody imports a service/ },
  { file: 'tests/faults/service.ts', line: use('../../services/auditor/src/audit.ts'), because: /out of tests/ },
];

const allowed: Case[] = [
  { file: 'services/wallet/src/wallet.ts', line: use('./money.ts') },
  { file: 'services/wallet/src/money.ts', line: use('@jumun/protos') },
  { file: 'services/wallet/src/wallet.module.ts', line: use('@jumun/service-kit') },
  { file: 'services/wallet/src/wallet.unit.spec.ts', line: use('node:crypto') },
  { file: 'services/wallet/src/debit/debit.ts', line: use('../wallet.ts') },
  { file: 'services/wallet/src/debit/debit.int.spec.ts', line: use('@jumun/testkit') },
  { file: 'services/wallet/test/purse.ts', line: use('../src/store/wallets.ts') },
  { file: 'packages/messaging/src/bus.ts', line: use('kafkajs') },
  { file: 'tests/load/src/floor/kafka.ts', line: use('kafkajs') },
  { file: 'packages/messaging/src/codec.ts', line: "import { messageTypeRegistry as types } from '@jumun/protos';\nuse(types);" },
  { file: 'packages/messaging/src/failed.ts', line: "export type Failed = import('@jumun/protos').common.CommandFailed;" },
  { file: 'packages/messaging/test/stock.ts', line: "import { inventory } from '@jumun/protos';\nuse(inventory);" },
  { file: 'packages/saga/src/runner.ts', line: use('./work.ts') },
  { file: 'deploy/local/src/cluster.ts', line: use('node:fs') },
  { file: 'tests/faults/kills.ts', line: use('../scenarios/shop.ts') },
];

test('a file that crosses a border is refused, an honest one is not', () => {
  for (const each of [...refused, ...allowed]) put(each);
  const found = crossings();
  expect([...found.keys()].toSorted()).toEqual(refused.map(({ file }) => file).toSorted());
  for (const { file, because } of refused)
    expect({ file, message: found.get(file) }).toEqual({ file, message: expect.stringMatching(because) });
});
