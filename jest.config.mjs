/** Tests run the sources (swc), never the build: `@sundial/x` is mapped to its `src/index.ts`. */
export default {
  testEnvironment: 'node',
  testRegex: '\\.spec\\.ts$',
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/cjs/', '<rootDir>/test/(installs|console)/'],
  modulePathIgnorePatterns: ['/dist/', '/cjs/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@sundial/lua$': '<rootDir>/lua/src/index.ts',
    '^@sundial/engine/ports$': '<rootDir>/libs/engine/src/ports.ts',
    '^@sundial/redis/without-driver$': '<rootDir>/libs/redis/src/without-driver.ts',
    '^@sundial/client/receipts$': '<rootDir>/libs/client/src/receipts.ts',
    '^@sundial/(contract|engine|redis|resilience|embedded|receipts|ledger|tracing|client|nest)$':
      '<rootDir>/libs/$1/src/index.ts',
    '^@sundial/nest/testing$': '<rootDir>/libs/nest/src/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  // A service that specs start is the one that is shipped, and never an older one.
  globalSetup: '<rootDir>/scripts/service-bundle.mjs',
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  reporters: ['default', '<rootDir>/test/support/tally-reporter.mjs'],
  // Two cores: what waits for its own servers leaves them to a third.
  maxWorkers: 3,
  // Modules stay behind from spec to spec, and the collector reads them all whenever a spec makes engines: a new process is cheaper.
  workerIdleMemoryLimit: '256MB',
  testTimeout: 20_000,
};
