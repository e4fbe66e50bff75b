// Every test of the repository runs from here: units need nothing, integration tests get real servers from the testkit.
export default {
  roots: ['<rootDir>/protos', '<rootDir>/packages', '<rootDir>/services', '<rootDir>/deploy', '<rootDir>/tests'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2024',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  globalSetup: '<rootDir>/packages/testkit/jest/global-setup.mjs',
  globalTeardown: '<rootDir>/packages/testkit/jest/global-teardown.mjs',
  testTimeout: 120_000, // shared machines are slow at times; what hangs is found all the same
  testSequencer: '<rootDir>/jest.sequencer.mjs',
  maxWorkers: 2,
};
