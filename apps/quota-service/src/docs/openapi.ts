import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';

/** 3.1, whose schemas are JSON Schema: those that validate and serialise are published as they are. */
function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const head = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Sundial')
    .setDescription(
      'Counts costly operations per business subject in natural calendar windows, and says before one runs whether it may.',
    )
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addTag('check', 'Ask, and be counted')
    .addTag('reservations', 'Hold, then pay only for what succeeded; give back')
    .addTag('reports', 'Settle what clients decided without the service')
    .addTag('receipts', 'For the program that does the costly work')
    .addTag('usage', 'Look')
    .addTag('admin', 'Rules, gates, brakes, drills and alarms, live')
    .addTag('events', 'What other systems get to know, and where it goes')
    .addTag('ledger', 'What was decided and changed, and who did it')
    .addTag('health', 'For load balancers and people')
    .addTag('metrics', 'For Prometheus')
    .addSecurity('check-key', keyOf('SUNDIAL_CHECK_KEYS or SUNDIAL_ADMIN_KEYS'))
    .addSecurity('admin-key', keyOf('SUNDIAL_ADMIN_KEYS'))
    .build();
  const document = SwaggerModule.createDocument(app, head, { autoTagControllers: false });
  const { schemas } = app.get(OpenApiRegistry);
  assertComplete(document, schemas);
  return { ...document, components: { ...document.components, schemas: { ...schemas } } };
}

/** Opaque: no JWT, which Nest's `addBearerAuth` says of every key. */
function keyOf(settings: string) {
  const description = `One of ${settings}; none are needed where none are set.`;
  return { type: 'http', scheme: 'bearer', description } as const;
}

/** A route whose feature did not add its operation would refer to a schema that is not there. */
function assertComplete(document: OpenAPIObject, schemas: Readonly<Record<string, object>>): void {
  const references = JSON.stringify(document.paths).matchAll(/"#\/components\/schemas\/(\w+)"/g);
  const missing = new Set([...references].flatMap(([, name]) => (name && !(name in schemas) ? [name] : [])));
  if (missing.size === 0) return;
  throw new Error(
    `No feature has added these schemas: ${[...missing].join(', ')}. Add the operations of its controllers to ` +
      'OpenApiRegistry in its module.',
  );
}

/**
 * Serves the document at `/openapi.json`; `DocsController` has the pages. It is made at the first request and then kept
 * as bytes that all answers share: a caller who asks often and reads nothing costs no copies.
 */
export function serveOpenApi(app: NestFastifyApplication): void {
  let bytes: Buffer | undefined;
  app.getHttpAdapter().get('/openapi.json', (_request: FastifyRequest, reply: FastifyReply) => {
    bytes ??= Buffer.from(JSON.stringify(openApiDocument(app)));
    void reply.type('application/json; charset=utf-8').send(bytes);
  });
}
