import config from './jest.config.mjs';

/**
 * `npm run campaigns`: minutes of faults, mutants that each have to be found, and every property with all of its cases; by hand,
 * beside `npm run chaos`. `npm test` has the faults that are met most often, since all of CI has 20 minutes.
 */
export default {
  ...config,
  testRegex: [
    '/test/chaos/(.*\\.campaign|reservation-histories\\.spec)\\.ts$',
    '/test/properties/[^/]+\\.spec\\.ts$',
  ],
};
