import rateLimit from '@fastify/rate-limit';
import { type CheckRequest, checkRequestSchema } from '@sundial/contract';
import { fastify, type FastifyRequest } from 'fastify';
import { Redis } from 'ioredis';
import { PLENTY } from '../load/subjects.js';

/** A peer: @fastify/rate-limit with its Redis store. It counts one window, a day from each user's first request. */
const app = fastify();

await app.register(rateLimit, {
  redis: new Redis(process.env.REDIS_URL!),
  max: PLENTY,
  timeWindow: '1 day',
  hook: 'preHandler',
  keyGenerator: (request: FastifyRequest) => (request.body as CheckRequest).subject.user!,
});

app.post('/check', { schema: { body: checkRequestSchema } }, () => ({ allowed: true }));

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
