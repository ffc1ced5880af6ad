import type { Quota } from '@sundial/client';
import { fastify, type FastifyInstance } from 'fastify';
import { quotaPlugin } from './quota-plugin.js';

interface Recording {
  readonly grade: string;
  readonly seconds: number;
}

const RECORDING = {
  type: 'object',
  properties: { grade: { type: 'string' }, seconds: { type: 'integer', minimum: 1 } },
  required: ['grade', 'seconds'],
} as const;

/** A fake speech-scoring service: a recording is one unit, and as many seconds as it lasts. */
export async function createApp(quota: Quota): Promise<FastifyInstance> {
  const app = fastify();
  await app.register(quotaPlugin, { quota });
  app.post<{ Body: Recording }>(
    '/scores',
    {
      schema: { body: RECORDING },
      config: {
        limit: {
          resource: 'speech',
          subject: ({ headers, body }) => ({
            user: String(headers['x-user']),
            grade: (body as Recording).grade,
          }),
          amounts: ({ body }) => ({ seconds: (body as Recording).seconds }),
        },
      },
    },
    async ({ body, decision }) => ({
      score: 60 + (body.seconds % 40),
      left: decision?.limits.map(({ meter, remaining }) => ({ meter, remaining })),
    }),
  );
  return app;
}
