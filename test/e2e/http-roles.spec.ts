import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService } from '../support/running-service.js';

const ROLES = ['viewer', 'operator', 'admin'] as const;
type Role = (typeof ROLES)[number];
const KEYS: Readonly<Record<Role, string>> = { viewer: 'looks-1', operator: 'works-1', admin: 'rules-1' };
const CHECK_KEY = 'asks-1';
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
type Method = (typeof METHODS)[number];

/** What operators do in a day, by the id of the operation; every other write needs an admin. */
const OPERATORS = [
  ...['setGate', 'setGateOfAll', 'setBrake', 'removeBrake', 'setDrill', 'removeDrill'],
  ...['setOverride', 'removeOverride', 'importOverrides', 'addPack', 'cancelPack'],
  ...['correctUsage', 'resetSubject', 'returnUnits'],
  ...['testWebhook', 'resendDeadLetter'],
];
/** Reads, though it is no GET. */
const READING = ['previewRule', 'tryRule'];

interface Documented {
  readonly operationId: string;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly 'x-sundial-role'?: Role;
}

let service: RunningService;
let routes: readonly { readonly method: Method; readonly path: string; readonly operation: Documented }[];
beforeAll(async () => {
  service = await RunningService.start({
    SUNDIAL_CHECK_KEYS: CHECK_KEY,
    SUNDIAL_ADMIN_KEYS: ROLES.map((role) => `${role}-key:${role}=${KEYS[role]}`).join(),
  });
  const { body } = await service.api.get('/openapi.json');
  const paths = body.paths as Readonly<Record<string, Readonly<Record<Method, Documented>>>>;
  routes = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => (item[method] ? [{ method, path, operation: item[method] }] : [])),
  );
});
afterAll(() => service.stop());

/** The role that an admin key is to need, from what the route does. */
function expected(method: Method, path: string, { operationId }: Documented): Role {
  if (method === 'get' || READING.includes(operationId)) return 'viewer';
  return !path.startsWith('/admin/') || OPERATORS.includes(operationId) ? 'operator' : 'admin';
}

async function ask(key: string, { method, path }: { method: Method; path: string }) {
  // A stream goes on unless the request says how long it is.
  const query = path === '/admin/live' ? '?frames=1' : '';
  const request = service.api[method](`${path.replace(/\{\w+\}/g, 'none')}${query}`).auth(key, {
    type: 'bearer',
  });
  return method === 'get' ? request : request.type('json').send('{}');
}

/** What a browser says of the page that asks: the console, and what any other may send without asking first or with. */
const OWN_PAGE = { 'x-sundial-csrf': '1', 'sec-fetch-site': 'same-origin' };
const OTHER_PAGES = [
  { 'sec-fetch-site': 'same-origin' },
  { 'x-sundial-csrf': '1', 'sec-fetch-site': 'same-site' },
  { 'x-sundial-csrf': '1', 'sec-fetch-site': 'cross-site' },
  { 'x-sundial-csrf': '1', origin: 'http://evil.example' },
];
type PageHeaders = Readonly<Record<string, string>>;

async function cookieOf(role: Role): Promise<string> {
  const { headers } = await service.api.post('/console/session').set(OWN_PAGE).send({ key: KEYS[role] });
  return (headers['set-cookie'] as unknown as string[])[0]!.split(';')[0]!;
}

/** By a session, and by it alone. */
async function askBySession(
  cookie: string,
  { method, path }: { method: Method; path: string },
  page: PageHeaders,
) {
  // A stream goes on unless the request says how long it is.
  const query = path === '/admin/live' ? '?frames=1' : '';
  const request = service.api[method](`${path.replace(/\{\w+\}/g, 'none')}${query}`).set({ ...page, cookie });
  return method === 'get' ? request : request.type('json').send('{}');
}

describe('roles of admin keys', () => {
  it('each route opens to the roles that may use it, and says to the others what it needs', async () => {
    const guarded = routes.filter(({ operation }) => operation.security !== undefined);
    expect(guarded.length).toBeGreaterThan(40);
    for (const route of guarded) {
      const needed = expected(route.method, route.path, route.operation);
      expect([route.path, route.operation['x-sundial-role']]).toEqual([route.path, needed]);
      for (const role of ROLES) {
        const { status, body } = await ask(KEYS[role], route);
        const isRefused = ROLES.indexOf(role) < ROLES.indexOf(needed);
        expect([route.method, route.path, role, status === 403]).toEqual([
          route.method,
          route.path,
          role,
          isRefused,
        ]);
        if (!isRefused) continue;
        expect(body).toMatchObject({ code: 'role-too-low', needs: needed });
        expect(body.detail).toContain(`the key of ${role}-key has the role ${role}`);
      }
    }
  });

  it('hold for sessions of the console, and no route changes anything for a page of another site', async () => {
    const cookies = { viewer: await cookieOf('viewer'), admin: await cookieOf('admin') };
    for (const route of routes.filter(({ operation }) => operation.security !== undefined)) {
      const { method, path } = route;
      const needed = expected(method, path, route.operation);
      const own = await askBySession(cookies.viewer, route, OWN_PAGE);
      expect([method, path, own.status === 403]).toEqual([method, path, needed !== 'viewer']);
      if (method === 'get') continue;
      for (const page of OTHER_PAGES) {
        const { status, body } = await askBySession(cookies.admin, route, page);
        expect([method, path, status, body.code]).toEqual([method, path, 403, 'origin-not-allowed']);
      }
    }
  });

  it('a check key goes on without one: where checks are asked, and nowhere else', async () => {
    for (const route of routes.filter(({ operation }) => operation.security?.[0]?.['check-key'])) {
      expect([route.path, (await ask(CHECK_KEY, route)).status]).not.toEqual([route.path, 403]);
    }
    expect((await service.api.get('/admin/me').auth(CHECK_KEY, { type: 'bearer' })).body.code).toBe(
      'key-not-allowed',
    );
  });

  it.each(ROLES)('GET /admin/me says whose key it is, and that it is a key of the role %s', async (role) => {
    const { body } = await service.api.get('/admin/me').auth(KEYS[role], { type: 'bearer' });
    expect(body).toEqual({ actor: `${role}-key`, role, version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  it('a key without a role is an admin’s', async () => {
    const other = await RunningService.start({ SUNDIAL_ADMIN_KEYS: 'plain-secret,ops=named-secret' });
    const answers = ['plain-secret', 'named-secret'].map((key) =>
      other.api.get('/admin/me').auth(key, { type: 'bearer' }),
    );
    const bodies = (await Promise.all(answers)).map(({ body }) => body as { role: Role });
    await other.stop();
    expect(bodies.map(({ role }) => role)).toEqual(['admin', 'admin']);
  });

  it('a service without keys is its user’s, who may do everything', async () => {
    const open = await RunningService.start();
    const { body } = await open.api.get('/admin/me');
    await open.stop();
    expect(body).toMatchObject({ actor: 'anonymous', role: 'admin' });
  });
});
