/**
 * What a program has to know of Redis before it knows whether it has one (`@sundial/redis/without-driver`): none of it loads ioredis.
 */
export { redisUrlError } from './connection/redis-url.js';
export { FINDING_SEVERITY } from './diagnostics/redis-findings.js';
