// The first import of every process, without an import of its own: modules run in the order of their imports, and an older Node must be refused
// before any other does. It ends without a word in argon2's binary.

const [major = 0] = process.versions.node.split('.').map(Number);

if (major < 24) {
  process.stderr.write(`Node 24 is needed, this is ${process.versions.node}: node_modules/.bin/node has it.\n`);
  process.exit(78); // EX_CONFIG of sysexits.h, as EXIT_CONFIG: restarting does not help
}

export {};
