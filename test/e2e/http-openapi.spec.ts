import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { RunningService } from '../support/running-service.js';
import { SERVICE_ROUTES } from '../support/service-routes.js';

interface Media {
  readonly schema?: { readonly $ref: string };
  readonly examples?: Readonly<Record<string, { readonly value: object }>>;
}
interface Operation {
  readonly tags: readonly string[];
  readonly parameters: readonly {
    in: string;
    name: string;
    required?: boolean;
    schema: { $ref?: string; examples?: string[] };
    /** Of an object whose fields are parameters, each of its own. */
    style?: string;
    explode?: boolean;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Media>> }>
  >;
}
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
/** As it stands in the document; `parts` finds all of them. */
type Schema = Readonly<Record<string, unknown>>;
interface Document {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<Method, Operation>>>>>;
}

/** In an order in which each finds what it needs: a rule is created before it is read, and deleted last. */
const ORDER: readonly Method[] = ['post', 'get', 'put', 'patch', 'delete'];

let service: RunningService;
let document: Document;
let matches: (schema: string, value: unknown) => string[];

beforeAll(async () => {
  service = await RunningService.start({ SUNDIAL_LEDGER: 'on' });
  document = (await service.api.get('/openapi.json')).body as Document;
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, 'document');
  matches = (schema, value) => {
    const validate = ajv.compile({ $ref: `document${schema}` });
    return validate(value)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
});
afterAll(() => service.stop());

function operations(): { method: Method; path: string; operation: Operation }[] {
  return ORDER.flatMap((method) =>
    Object.entries(document.paths).flatMap(([path, item]) => {
      const operation = item[method];
      return operation ? [{ method, path, operation }] : [];
    }),
  );
}

/** Every schema inside another one, with where it stands. */
function parts(schema: unknown, place: string): { place: string; schema: Schema }[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([name, inner]) => [
    ...(typeof inner === 'object' && inner !== null
      ? [{ place: `${place}.${name}`, schema: inner as Schema }]
      : []),
    ...parts(inner, `${place}.${name}`),
  ]);
}

/** The path with the examples of its required parameters in place. */
function addressOf(path: string, { parameters }: Operation): string {
  const given = parameters
    .filter(({ in: place, required }) => required || place === 'query')
    .flatMap(({ in: place, name, schema }) => {
      const named = document.components.schemas[schema.$ref?.split('/').at(-1) ?? ''];
      const [example] = (named?.['examples'] ?? schema.examples) as readonly unknown[];
      const fields = typeof example === 'object' ? { ...example } : { [name]: example };
      return Object.entries(fields).map(([name, example]) => ({ place, name, example: String(example) }));
    });
  const query = given
    .filter(({ place }) => place === 'query')
    .map(({ name, example }) => `${name}=${example}`);
  const filled = given.reduce((filling, { name, example }) => filling.replace(`{${name}}`, example), path);
  return query.length > 0 ? `${filled}?${query.join('&')}` : filled;
}

describe('/openapi.json', () => {
  it('describes every route of the contract and no other', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(
      operations()
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    ).toEqual(SERVICE_ROUTES);
  });

  it('shows every route in one chapter, and describes each chapter', () => {
    const chapters = document.tags.map(({ name }) => name);
    for (const { operation } of operations()) {
      expect(operation.tags).toHaveLength(1);
      expect(chapters).toContain(operation.tags[0]);
    }
    expect(document.tags.filter(({ description }) => description === '')).toEqual([]);
  });

  it('lists each problem of an answer once', () => {
    for (const { operation } of operations()) {
      for (const { description } of Object.values(operation.responses)) {
        const codes = description.match(/`[a-z-]+`:/g) ?? [];
        expect(codes).toEqual([...new Set(codes)]);
      }
    }
  });

  it('has examples that its own schemas accept', () => {
    let tried = 0;
    for (const { operation } of operations()) {
      for (const { content = {} } of [...Object.values(operation.responses), operation.requestBody ?? {}]) {
        for (const { schema, examples = {} } of Object.values<Media>(content)) {
          for (const [name, { value }] of Object.entries(examples)) {
            expect({ name, errors: matches(String(schema?.$ref), value) }).toEqual({ name, errors: [] });
            tried += 1;
          }
        }
      }
    }
    expect(tried).toBeGreaterThan(20);
  });

  it('has an example for every body, sent and received', () => {
    for (const { method, path, operation } of operations()) {
      const success = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
      const media = [...success.map(([, response]) => response), operation.requestBody].flatMap((body) =>
        Object.entries<Media>(body?.content ?? {}),
      );
      for (const [type, { examples }] of media) {
        expect({ method, path, type, examples: Object.keys(examples ?? {}).length }).not.toMatchObject({
          examples: 0,
        });
      }
    }
  });

  // Those of reservations need one of which they are: `http-reservations.spec.ts`. An import takes lines, and an override can
  // be removed that was set: `admin-overrides.spec.ts`. Webhooks, too: `webhooks.spec.ts`.
  it('has examples that work: each is sent, and the answer is as documented', async () => {
    const ofReservations =
      /^\/(reservations|refunds|returns|admin\/(subjects|overrides|webhooks|dead-letters))\b/;
    const others = operations().filter(({ path }) => !ofReservations.test(path));
    for (const { method, path, operation } of others) {
      const bodies = Object.values(operation.requestBody?.content['application/json']?.examples ?? {});
      for (const body of bodies.length > 0 ? bodies.map(({ value }) => value) : [undefined]) {
        const request = service.api[method](addressOf(path, operation));
        const answer = body === undefined ? await request : await request.send(body);
        const documented = operation.responses[answer.status];
        expect({ method, path, body, status: answer.status, problem: answer.body.code }).toMatchObject({
          status: method === 'post' && path === '/admin/rules' ? 201 : 200,
        });
        const schema = documented?.content?.['application/json']?.schema?.$ref;
        if (schema) expect(matches(schema, answer.body)).toEqual([]);
      }
    }
  });

  // 19 of 61 classes that were generated had numbers for names: Limit1, OnDeny2 … for one and the same thing.
  it('refers to every object and every list of words by a name, so that clients have one type for it', () => {
    const { schemas } = document.components;
    expect(Object.keys(schemas)).toEqual(
      expect.arrayContaining(['Decision', 'Limit', 'Rule', 'OnDeny', 'Subject', 'Problem']),
    );
    const inlined = Object.entries(schemas)
      .flatMap(([name, schema]) => parts(schema, name))
      .filter(({ place }) => !place.endsWith('.properties'))
      .filter(({ schema }) => 'properties' in schema || 'enum' in schema || 'title' in schema);
    expect(inlined.map(({ place }) => place)).toEqual([]);
    for (const { place, schema } of Object.entries(schemas).flatMap(([name, all]) => parts(all, name))) {
      if (typeof schema['$ref'] !== 'string') continue;
      expect({ place, name: schema['$ref'].replace('#/components/schemas/', '') in schemas }).toEqual({
        place,
        name: true,
      });
    }
  });

  it('has no type that is many, but for null: generators name those by numbers', () => {
    const all = Object.entries(document.components.schemas).flatMap(([name, schema]) => parts(schema, name));
    const objects = all.filter(({ schema }) => Array.isArray(schema['type']) && 'properties' in schema);
    expect(objects).toEqual([]);
  });

  it('takes no field for one that is always there because it has a default', () => {
    const withDefault = Object.entries(document.components.schemas)
      .flatMap(([name, schema]) => parts(schema, name))
      .filter(({ schema, place }) => 'default' in schema && !place.endsWith('.properties'));
    expect(withDefault).toEqual([]);
    expect(document.components.schemas['Check']).toMatchObject({
      required: ['resource', 'subject'],
      properties: { amount: { description: expect.stringContaining('Default: `1`') } },
    });
  });

  it('says of keys that they are opaque', () => {
    for (const scheme of Object.values(document.components.securitySchemes)) {
      expect(scheme).toMatchObject({ type: 'http', scheme: 'bearer' });
      expect(scheme).not.toHaveProperty('bearerFormat');
    }
  });

  it('lets usage be asked by any attribute', () => {
    const { parameters } = document.paths['/usage']!.get!;
    expect(parameters).toMatchObject([
      { in: 'query', name: 'resource', required: true },
      {
        in: 'query',
        name: 'subject',
        required: true,
        style: 'form',
        explode: true,
        schema: { $ref: '#/components/schemas/Subject' },
      },
    ]);
    expect(document.components.schemas['Subject']).toMatchObject({
      type: 'object',
      additionalProperties: { type: 'string' },
    });
    expect(matches('#/components/schemas/Subject', { user: 'u1', grade: '3' })).toEqual([]);
    expect(matches('#/components/schemas/Subject', { User: 'u1' })).not.toEqual([]);
    expect(matches('#/components/schemas/Subject', { user: '' })).not.toEqual([]);
  });

  it('describes the refusals of every route', async () => {
    for (const { path, operation } of operations()) {
      const problems = Object.entries(operation.responses).filter(
        ([status]) => Number(status) >= 400 && !path.startsWith('/health'),
      );
      for (const [, { content }] of problems) {
        expect(content?.['application/problem+json']?.schema?.$ref).toBe('#/components/schemas/Problem');
      }
    }
    const { body } = await service.api.post('/check').send({});
    expect(matches('#/components/schemas/Problem', body)).toEqual([]);
  });
});

describe('/docs', () => {
  it('is a page that loads all it needs from this service', async () => {
    const { status, text, headers } = await service.api.get('/docs');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/html/);
    const needed = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, address]) => String(address));
    expect(needed.length).toBeGreaterThan(3);
    for (const address of needed) {
      expect(address).not.toMatch(/^(https?:)?\/\//);
      expect((await service.api.get(`/${address}`)).status).toBe(200);
    }
  });
});
