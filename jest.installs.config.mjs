import config from './jest.config.mjs';

/** `npm run e2e`: the packages as npm gets them, installed with real registries' Nest into empty projects, and the console in a browser. */
export default {
  ...config,
  testRegex: '/test/(installs|console)/[^/]+\\.spec\\.ts$',
  testPathIgnorePatterns: ['/node_modules/'],
  globalSetup: '<rootDir>/test/installs/pack.mjs',
  globalTeardown: '<rootDir>/test/installs/unpack.mjs',
  // What they do longest is to wait for a registry and a browser.
  maxWorkers: 3,
  testTimeout: 120_000,
};
