import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService } from '../support/running-service.js';

const CHECK_KEYS = 'check-key-1,check-key-2';
const ADMIN_KEYS = 'admin-key-1, admin-key-2';
const VALID = { resource: 'ocr', subject: { user: 'u1' } };

/** One request of each kind, and the status it has for whom it is open. */
const CHECKS = [
  ['post', '/check', VALID, 200],
  ['post', '/check/batch', { checks: [VALID] }, 200],
  ['get', '/usage?resource=ocr&user=u1', undefined, 200],
  ['get', '/metrics', undefined, 200],
  ['post', '/reservations', {}, 400],
  ['get', '/reservations/none', undefined, 404],
  ['post', '/reservations/none/commit', {}, 404],
  ['post', '/reservations/none/release', {}, 404],
  ['post', '/reservations/none/extend', {}, 404],
  ['post', '/refunds', {}, 400],
  ['post', '/returns', {}, 400],
  ['post', '/reports', {}, 400],
  ['post', '/receipts/verify', {}, 400],
] as const;
const ADMINISTRATION = [
  ['get', '/admin/me', undefined, 200],
  ['get', '/admin/rules', undefined, 200],
  ['get', '/admin/journal', undefined, 200],
  ['get', '/admin/alarms', undefined, 200],
  ['put', '/admin/rules', {}, 400],
  ['get', '/admin/rules/ocr-per-user', undefined, 200],
  ['post', '/admin/rules', {}, 400],
  ['put', '/admin/rules/ocr-per-user', {}, 400],
  ['patch', '/admin/rules/ocr-per-user', { mode: 'x' }, 400],
  ['delete', '/admin/rules/none', undefined, 404],
  ['post', '/admin/rules/preview', {}, 400],
  ['post', '/admin/rules/try', {}, 400],
  ['get', '/admin/rule-use?rules=ocr-per-user', undefined, 200],
  ['get', '/admin/live?frames=1', undefined, 200],
  ['put', '/admin/subjects/usage', {}, 400],
  ['get', '/admin/subjects', undefined, 400],
  ['get', '/admin/subjects/usage', undefined, 200],
  ['get', '/admin/subjects/search', undefined, 200],
  ['post', '/admin/subjects/reset', {}, 400],
  ['get', '/admin/subjects/data', undefined, 400],
  ['delete', '/admin/subjects/data', undefined, 400],
  ['get', '/admin/operations/none', undefined, 200],
  ['get', '/admin/decisions', undefined, 200],
  ['get', '/admin/audit', undefined, 200],
  ['get', '/admin/usage-history', undefined, 400],
  ['get', '/admin/top', undefined, 200],
  ['get', '/admin/ledger', undefined, 200],
  ['get', '/admin/events', undefined, 200],
  ['get', '/admin/webhooks', undefined, 200],
  ['post', '/admin/webhooks', {}, 400],
  ['get', '/admin/webhooks/none', undefined, 404],
  ['put', '/admin/webhooks/none', {}, 400],
  ['delete', '/admin/webhooks/none', undefined, 404],
  ['post', '/admin/webhooks/none/test', undefined, 404],
  ['get', '/admin/webhooks/none/deliveries', undefined, 404],
  ['get', '/admin/dead-letters', undefined, 200],
  ['post', '/admin/dead-letters/none/resend', undefined, 404],
  ['get', '/admin/outages', undefined, 200],
  ['get', '/admin/outages/calls', undefined, 400],
  ['post', '/admin/rules/ocr-per-user/rollback', {}, 400],
  ['put', '/admin/overrides', {}, 400],
  ['get', '/admin/overrides', undefined, 400],
  ['delete', '/admin/overrides', undefined, 400],
  ['post', '/admin/overrides/import', undefined, 400],
  ['get', '/admin/overrides/export', undefined, 200],
  ['post', '/admin/packs', {}, 400],
  ['get', '/admin/packs?resource=ocr&user=u1', undefined, 200],
  ['delete', '/admin/packs/none?resource=ocr&user=u1', undefined, 404],
  ['get', '/admin/gates', undefined, 200],
  ['put', '/admin/gates', {}, 400],
  ['put', '/admin/gates/ocr', {}, 400],
  ['get', '/admin/brakes', undefined, 200],
  ['put', '/admin/brakes', {}, 400],
  ['delete', '/admin/brakes/none', undefined, 404],
  ['get', '/admin/drills', undefined, 200],
  ['put', '/admin/drills/ocr', {}, 400],
  ['delete', '/admin/drills/none', undefined, 404],
] as const;
const OPEN = [
  ['get', '/health/live', undefined, 200],
  ['get', '/health/ready', undefined, 200],
  ['get', '/.well-known/jwks.json', undefined, 200],
  ['get', '/openapi.json', undefined, 200],
  ['get', '/docs', undefined, 200],
  ['get', '/docs/start.js', undefined, 200],
  ['get', '/docs/swagger-ui.css', undefined, 200],
  ['post', '/console/session', {}, 400],
  ['delete', '/console/session', undefined, 403],
] as const;
/** They serve the document, and do not stand in it. */
const UNDOCUMENTED = /^(get \/(openapi\.json|docs.*)|(post|delete) \/console\/session)$/;
type Request = (typeof CHECKS | typeof ADMINISTRATION | typeof OPEN)[number];

async function ask(service: RunningService, [method, path, body]: Request, authorization?: string) {
  const request = service.api[method](path);
  if (authorization !== undefined) void request.set('authorization', authorization);
  return body === undefined ? request : request.send(body);
}

describe('with keys of both kinds', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({
      SUNDIAL_LEDGER: 'on',
      SUNDIAL_CHECK_KEYS: CHECK_KEYS,
      SUNDIAL_ADMIN_KEYS: ADMIN_KEYS,
    });
  });
  afterAll(() => service.stop());

  it.each([...CHECKS, ...ADMINISTRATION])('401 without a key: %s %s', async (...request) => {
    const { status, body, headers } = await ask(service, request as unknown as Request);
    expect(status).toBe(401);
    expect(body).toMatchObject({ code: 'missing-key', status: 401 });
    expect(headers['www-authenticate']).toBe('Bearer realm="sundial"');
  });

  describe('401 with an unknown key', () => {
    const requests = [...CHECKS, ...ADMINISTRATION];
    let answers: Awaited<ReturnType<typeof ask>>[];
    // All at once: each is answered half a second late.
    beforeAll(async () => {
      answers = await Promise.all(requests.map((request) => ask(service, request, 'Bearer check-key-3')));
    });

    it.each(requests.map(([method, path], index) => [method, path, index] as const))(
      '%s %s',
      (_method, _path, index) => {
        const { status, body, headers } = answers[index]!;
        expect(status).toBe(401);
        expect(body).toMatchObject({ code: 'wrong-key', status: 401 });
        expect(headers['www-authenticate']).toBe('Bearer realm="sundial", error="invalid_token"');
      },
    );
  });

  it.each(ADMINISTRATION)('403 with a check key: %s %s', async (...request) => {
    const { status, body } = await ask(service, request as unknown as Request, 'Bearer check-key-1');
    expect(status).toBe(403);
    expect(body).toMatchObject({ code: 'key-not-allowed', status: 403 });
  });

  it.each(CHECKS)('a check key opens %s %s', async (...request) => {
    for (const key of ['check-key-1', 'check-key-2']) {
      expect((await ask(service, request as unknown as Request, `Bearer ${key}`)).status).toBe(request[3]);
    }
  });

  it.each([...CHECKS, ...ADMINISTRATION])('an admin key opens %s %s', async (...request) => {
    for (const key of ['admin-key-1', 'admin-key-2']) {
      expect((await ask(service, request as unknown as Request, `Bearer ${key}`)).status).toBe(request[3]);
    }
  });

  it.each(OPEN)('%s %s is open to all', async (...request) => {
    expect((await ask(service, request as unknown as Request)).status).toBe(request[3]);
  });

  it('no route is left out above', async () => {
    const { body } = await service.api.get('/openapi.json');
    const documented = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const asked = [...CHECKS, ...ADMINISTRATION, ...OPEN].map(([method, path]) => {
      const route = path
        .replace(/\?.*/, '')
        .replace(
          /(\/admin\/(?:rules|brakes|packs|operations|webhooks|dead-letters)|\/reservations)\/(?!preview|try)[^/]+/,
          '$1/{id}',
        )
        .replace(/(\/admin\/(?:gates|drills))\/[^/]+/, '$1/{resource}');
      return `${method} ${route}`;
    });
    expect(asked.filter((route) => !UNDOCUMENTED.test(route)).sort()).toEqual(documented.sort());
  });

  it('the scheme is read in any case', async () => {
    expect((await ask(service, CHECKS[0], 'bearer check-key-1')).status).toBe(200);
  });

  it.each([
    'check-key-1',
    'Basic check-key-1',
    'Bearer',
    'Bearer ',
    'Bearer check-key-1 x',
    'Bearer check-key',
    'Bearer CHECK-KEY-1',
  ])('nothing else is taken for a key: %s', async (authorization) =>
    expect((await ask(service, CHECKS[0], authorization)).status).toBe(401),
  );

  it('keys are looked at before the body: a stranger cannot make it read one', async () => {
    const { status } = await service.api.post('/check').type('json').send('{'.repeat(40_000));
    expect(status).toBe(401);
  });

  it('no key is named in the documentation, health, metrics or refusals', async () => {
    for (const request of [...OPEN, CHECKS[3], CHECKS[0]]) {
      const { text } = await ask(service, request, 'Bearer admin-key-1');
      expect(text).not.toMatch(/(check|admin)-key-\d/);
    }
  });
});

describe('with admin keys only', () => {
  it('checks need an admin key', async () => {
    const service = await RunningService.start({ SUNDIAL_ADMIN_KEYS: ADMIN_KEYS });
    const [stranger, admin] = [
      await ask(service, CHECKS[0]),
      await ask(service, CHECKS[0], 'Bearer admin-key-1'),
    ];
    await service.stop();
    expect([stranger.status, admin.status]).toEqual([401, 200]);
  });
});

describe('with check keys only', () => {
  it('administration is closed', async () => {
    const service = await RunningService.start({ SUNDIAL_CHECK_KEYS: CHECK_KEYS });
    const [stranger, caller] = [
      await ask(service, ADMINISTRATION[0]),
      await ask(service, ADMINISTRATION[0], 'Bearer check-key-1'),
    ];
    await service.stop();
    expect([stranger.status, caller.status]).toEqual([401, 403]);
  });
});

describe('without keys', () => {
  it('everything is open, which only a loopback host allows', async () => {
    const service = await RunningService.start({ SUNDIAL_LEDGER: 'on' });
    const statuses = await Promise.all(
      [...CHECKS, ...ADMINISTRATION].map((request) => ask(service, request)),
    );
    await service.stop();
    expect(statuses.map(({ status }) => status)).toEqual(
      [...CHECKS, ...ADMINISTRATION].map((request) => request[3]),
    );
  });
});
