/** The packages that a release publishes on npm, each after those it depends on. */
export const PACKAGES = [
  'lua',
  'libs/contract',
  'libs/engine',
  'libs/redis',
  'libs/resilience',
  'libs/embedded',
  'libs/receipts',
  'libs/client',
  'libs/nest',
];
