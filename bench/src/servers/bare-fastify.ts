import { type CheckRequest, checkRequestSchema } from '@sundial/contract';
import { fastify } from 'fastify';
import { Redis } from 'ioredis';
import { PLENTY } from '../load/subjects.js';
import { singleTake } from './single-take.js';

/**
 * The upper bound: the least work that decides exactly. The same validation of the request and the same script;
 * no rules to look up, no deadline, no breaker, no metrics, no headers, and an answer of two numbers.
 */
const take = await singleTake(new Redis(process.env.REDIS_URL!));
const app = fastify();

const response = {
  type: 'object',
  properties: { allowed: { type: 'boolean' }, used: { type: 'array', items: { type: 'integer' } } },
} as const;

app.post<{ Body: CheckRequest }>(
  '/check',
  { schema: { body: checkRequestSchema, response: { 200: response } } },
  ({ body: { resource, subject } }) =>
    take({ resource, user: subject.user!, max: resource === 'scarce' ? 1 : PLENTY }),
);

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
