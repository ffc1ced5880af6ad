/**
 * The half of Sundial that counts in Redis, with its driver. A process that counts for itself loads neither; one that has a Redis
 * loads both while it is opened, so that a missing one ends its start.
 */
// eslint-disable-next-line no-restricted-syntax -- the package is a dependency, which other files here import types of.
export const loadRedis = () => import('@sundial/redis');
