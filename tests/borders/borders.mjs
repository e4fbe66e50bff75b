// The borders of the architecture (style §19) as a lint rule, `jumun/borders`: who may import whom. One place, since lists of patterns in
// overrides replace each other and see no relative path.
import { readdirSync } from 'node:fs';
import { posix, relative, sep } from 'node:path';

const services = readdirSync(new URL('../../services', import.meta.url));

/** Which of our packages the shipped code of a part may import by name. A service is in none of these lists: it is a process, not a library. */
const mayImport = {
  protos: [],
  'packages/saga': [],
  'packages/service-kit': [],
  'packages/messaging': ['protos', 'service-kit'],
  'packages/testkit': ['service-kit', 'messaging', 'local'],
  'deploy/local': ['protos', 'service-kit', 'messaging'],
  tests: ['protos', 'service-kit', 'messaging', 'saga'],
  ...Object.fromEntries(services.map((name) => [`services/${name}`, ['protos', 'service-kit', 'messaging', 'saga']])),
};
/** Where a part may have only some names of a package. What carries messages knows those that every message has, and no word of the shop. */
const onlyNames = {
  'packages/messaging': { protos: ['common', 'messageTypeRegistry', 'deadLetterTopic', 'INBOX_RETENTION_MS'] },
};
/** And what tests may have besides. */
const forTests = ['protos', 'service-kit', 'messaging', 'testkit', 'local'];

/** It measures what an order costs without the consumer and producer of packages/messaging. */
const FLOOR = 'tests/load/src/floor/kafka.ts';

const isTest = (file) => /^tests\/|\/test\/|\.(spec|fixture)\.ts$|^packages\/[^/]+\/bench\//.test(file);

/** `services/wallet` of `services/wallet/src/wallet.ts`; what `tests` has is one part. */
const partOf = (file) => /^((services|packages|deploy)\/[^/]+|protos|tests)(?=\/)/.exec(file)?.[0];

/** Files right below a service's `src` that are no domain: how it is started, wired, set up, measured. */
const WIRING = /^(main|config|seed|metrics)\.ts$|\.(module|controller|spec|fixture)\.ts$/;
/** And those of the two that keep no data and have no domain: one hands calls on, one reads the books of all. */
const NO_DOMAIN = { gateway: ['gateway.ts', 'nest-adapter.ts'], auditor: ['audit.ts', 'books.ts', 'check.ts', 'print.ts'] };

const isDomain = (file) => {
  const [, service, name] = /^services\/([^/]+)\/src\/([^/]+\.ts)$/.exec(file) ?? [];
  return name !== undefined && !WIRING.test(name) && !NO_DOMAIN[service]?.includes(name);
};

/** Why `file` may not import `names` of `specifier`; undefined when it may. The paths are as seen from the repository's root. */
const refusalOf = (file, specifier, names) => {
  const part = partOf(file);
  if (part === undefined) return undefined;
  if (/(^|\/)dist(\/|$)/.test(specifier)) return 'What is built is imported by the name of its package.';

  const target = specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : undefined;
  if (target !== undefined && partOf(target) !== part)
    return `A path out of ${part}: another part is imported by its name, a service not at all.`;

  const ours = /^@jumun\/([^/]+)/.exec(specifier)?.[1];
  if (services.includes(ours)) return `Nobody imports a service (${ours}): they talk over the contracts in protos/.`;
  const allowed = [...(mayImport[part] ?? []), ...(isTest(file) ? forTests : [])];
  if (ours !== undefined && !allowed.includes(ours) && !(isTest(file) && part.endsWith(`/${ours}`)))
    return `${part} does not know @jumun/${ours}.`;
  const some = isTest(file) ? undefined : onlyNames[part]?.[ours];
  const stray = some && names.find((name) => !some.includes(name));
  if (stray !== undefined) return `${part} knows of @jumun/${ours} only ${some.join(', ')}; not ${stray}.`;

  if (/^kafkajs(\/|$)/.test(specifier) && part !== 'packages/messaging' && file !== FLOOR)
    return 'Only packages/messaging speaks to Kafka.';
  if (file.startsWith('packages/saga/src/') && target === undefined) return 'packages/saga is pure: it imports nothing.';
  if (isDomain(file) && !(target === undefined ? ['protos', 'saga'].includes(ours) : isDomain(target)))
    return 'The domain imports nothing: no Node, no package, no SQL, only other nouns, the contracts and the language of sagas.';
  return undefined;
};

const EVERYTHING = 'everything';
/** The name that is taken out of a module; of a namespace or a default it is not known which. */
const nameOf = (node) => node?.name ?? node?.value ?? EVERYTHING;
/** `a` of `import('…').a.b`. */
const leftmost = (qualifier) => (qualifier?.left === undefined ? qualifier : leftmost(qualifier.left));

const borders = {
  create(context) {
    const file = relative(context.cwd, context.filename).split(sep).join('/');
    const check = (source, names) => {
      if (typeof source?.value !== 'string') return;
      const message = refusalOf(file, source.value, names);
      if (message !== undefined) context.report({ node: source, message });
    };
    return {
      ImportDeclaration: ({ source, specifiers }) =>
        check(
          source,
          specifiers.map(({ imported }) => nameOf(imported)),
        ),
      ExportNamedDeclaration: ({ source, specifiers }) =>
        check(
          source,
          specifiers.map(({ local }) => nameOf(local)),
        ),
      ExportAllDeclaration: ({ source }) => check(source, [EVERYTHING]),
      ImportExpression: ({ source }) => check(source, [EVERYTHING]),
      TSImportType: ({ source, qualifier }) => check(source, [nameOf(leftmost(qualifier))]),
      TSExternalModuleReference: ({ expression }) => check(expression, [EVERYTHING]),
    };
  },
};

export default { meta: { name: 'jumun' }, rules: { borders } };
