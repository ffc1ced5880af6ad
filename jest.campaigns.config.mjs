import config from './jest.config.mjs';

/** `npm run campaigns`: minutes of faults, and mutants that each have to be found; by hand, beside `npm run chaos`. */
export default { ...config, testRegex: '/test/chaos/campaign/[^/]+\\.campaign\\.ts$' };
