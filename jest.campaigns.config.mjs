import config from './jest.config.mjs';

/**
 * `npm run campaigns`: minutes of faults, mutants that each have to be found, and every property with all of its cases; by hand,
 * beside `npm run chaos`.
 */
export default {
  ...config,
  testRegex: ['/test/chaos/campaign/[^/]+\\.campaign\\.ts$', '/test/properties/[^/]+\\.spec\\.ts$'],
};
