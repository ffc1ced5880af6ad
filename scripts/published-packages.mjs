/** The libraries that a release publishes on npm, each after those it depends on: as ES modules and as CommonJS. */
export const PACKAGES = [
  'lua',
  'libs/contract',
  'libs/engine',
  'libs/redis',
  'libs/resilience',
  'libs/embedded',
  'libs/receipts',
  'libs/tracing',
  'libs/client',
  'libs/nest',
];

/** The programs that it publishes after them: run, never imported. */
export const PROGRAMS = ['apps/cli'];

/** All that a release publishes, in its order. */
export const PUBLISHED = [...PACKAGES, ...PROGRAMS];
