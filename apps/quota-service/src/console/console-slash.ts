import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** `/console/` is what people type; what the page names is relative to `/console`. Under any base path. */
export function redirectSlash(app: NestFastifyApplication): void {
  const policy = { access: 'open', admission: 'never' };
  app
    .getHttpAdapter()
    .getInstance()
    .get('/console/', { config: policy as object }, (_request: FastifyRequest, reply: FastifyReply) => {
      void reply.redirect('../console', 308);
    });
}
