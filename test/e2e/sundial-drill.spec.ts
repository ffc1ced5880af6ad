import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { exitOf, spawnGuarded } from '../support/guarded-process.js';
import { RunningService } from '../support/running-service.js';
import { spawnSundial, sundial as runSundial, SUNDIAL_MAIN } from '../support/sundial-cli.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const KEYS = { SUNDIAL_ADMIN_KEYS: 'root-secret', SUNDIAL_CHECK_KEYS: 'app-secret' };
const ENV = { SUNDIAL_KEY: 'root-secret', SUNDIAL_CHECK_KEY: 'app-secret' };
/** Long enough for a machine that does other things too; what is measured here is behaviour. */
const PATIENT = ['--deadline-ms', '1000', '--tolerance-ms', '5000'];
const AS_FAST_AS_IT_SHIPS = { SUNDIAL_DEADLINE_MS: '200', SUNDIAL_CLOCK_OFFSET_MS: '0' };

let service: RunningService;

beforeAll(async () => {
  service = await RunningService.start({ ...KEYS, ...AS_FAST_AS_IT_SHIPS }, 'redis');
  // Without an end, so that a window that ends meanwhile leaves something to compare.
  await admin('put', '/admin/rules/ocr-ever', {
    resource: 'ocr',
    per: ['user'],
    timeZone: 'UTC',
    limits: [
      { window: 'total', max: 5 },
      { window: 'total', meter: 'pages', max: 5 },
    ],
  });
});
afterAll(() => service?.stop());

async function admin(method: 'get' | 'put' | 'delete', path: string, body?: object): Promise<unknown> {
  const asked = service.api[method](path).auth('root-secret', { type: 'bearer' });
  const answer = await (body ? asked.send(body) : asked);
  expect(answer.status).toBeLessThan(300);
  return answer.body;
}

const sundial = (args: readonly string[], env: Readonly<Record<string, string>> = ENV) =>
  runSundial(args, env);

interface Scenario {
  readonly scenario: string;
  readonly calls: number;
  readonly steps: readonly { readonly step: string; readonly passed: boolean; readonly seen: string }[];
}

describe('sundial drill', () => {
  it('rehearses every scenario, proves that business goes on and counters are exact, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await sundial([
      'drill',
      '--url',
      service.url,
      '--resource',
      'ocr',
      '--json',
      ...PATIENT,
    ]);
    const report = JSON.parse(stdout) as { passed: boolean; scenarios: readonly Scenario[] };
    const failed = report.scenarios.flatMap(({ scenario, steps: its }) =>
      its.filter(({ passed }) => !passed).map(({ step, seen }) => `${scenario}: ${step}: ${seen}`),
    );
    expect({ failed, code }).toEqual({ failed: [], code: 0 });
    const steps = report.scenarios.flatMap(({ scenario, steps: its }) =>
      its.map(({ step }) => `${scenario}: ${step}`),
    );
    const DURING = ['business goes on', 'decisions say degraded', 'other resources untouched'];
    const AFTER = ['service decides again', 'reports are taken', 'counters are exact'];
    const each = (scenario: string, alarms: readonly string[]) =>
      [...DURING, ...alarms, ...AFTER].map((step) => `${scenario}: ${step}`);
    expect(steps).toEqual([
      '0 before: business goes on',
      '0 before: decisions are exact',
      '0 before: counters are exact',
      ...each('1 client side', ['alarm of the client']),
      ...each('2 service side', ['alarm of the client']),
      ...each('2 service side (store)', ['alarm of the service']),
      ...each('3 both sides', ['alarm of the client', 'alarm of the service']),
      'receipts: genuine receipt is accepted',
      'receipts: altered receipt is refused',
      'receipts: forged receipt is refused',
      'receipts: unsigned receipt is refused',
      'receipts: receipt of another resource is refused',
      'receipts: offline pass is refused',
      '4 after: no drill is left',
      '4 after: units are given back',
    ]);
    expect(report.passed).toBe(true);
    const [, client] = report.scenarios;
    expect(client?.calls).toBeGreaterThanOrEqual(20);
    expect(stderr).toMatch(/^Looking at the rules of ocr …\nBefore.*\n1 client side: .*\n2 service side: /);
    expect(await admin('get', '/admin/drills')).toEqual({ drills: [] });
    // It takes five; where counters differ, it looks again for as long after each fault, and then names them.
  }, 60_000);

  it('ends its process with 1 where a step fails, and names the step', async () => {
    const { path, remove } = await temporaryDirectory();
    const alarms = join(path, 'alarms.yaml');
    await writeFile(
      alarms,
      'patterns: [{ id: deaf, kind: consecutive, class: alarm, failures: 1000, withinMs: 60000 }]',
    );
    const deaf = await RunningService.start({ ...KEYS, ...AS_FAST_AS_IT_SHIPS, SUNDIAL_ALARMS_FILE: alarms });
    try {
      const { code, stdout } = await spawnSundial(
        ['drill', '--url', deaf.url, '--resource', 'ocr', ...PATIENT],
        ENV,
      );
      expect(code).toBe(1);
      expect(stdout).toMatch(/\n3 both sides +alarm of the service +FAILED /);
      expect(stdout).toMatch(
        /\nThe drill of ocr at .* FAILED: 2 of \d+ steps\. What each means: docs\/disaster-drill\.md\.\n$/,
      );
    } finally {
      await deaf.stop();
      await remove();
    }
  }, 60_000);

  it('ends its drill and gives its units back when it is interrupted', async () => {
    const args = [SUNDIAL_MAIN, 'drill', '--url', service.url, '--resource', 'ocr', ...PATIENT];
    const child = spawnGuarded(process.execPath, args, {
      env: { PATH: process.env.PATH, ...ENV },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const exit = exitOf(child);
    await eventually(async () => JSON.stringify(await admin('get', '/admin/drills')) !== '{"drills":[]}', {
      what: 'its drill is in force',
      withinMs: 10_000,
    });
    child.kill('SIGINT');
    expect([await exit, printed]).toEqual([
      130,
      expect.stringMatching(/Ending the drill of ocr.*\nsundial: interrupted\.\n$/),
    ]);
    expect(await admin('get', '/admin/drills')).toEqual({ drills: [] });
  });
});

describe('sundial drill, where it can not be done', () => {
  const drillOf = (resource: string, ...more: readonly string[]) =>
    sundial(['drill', '--url', service.url, '--resource', resource, ...more]);

  it.each<[string, readonly string[], RegExp]>([
    [
      'a resource without rules',
      ['orc'],
      /No rule names the resource "orc"\. There are rules of: export, llm, ocr, /,
    ],
    ['a rule that refuses on purpose', ['llm'], /Rule llm-budget has degrade: deny.*local or allow/],
    [
      'a subject without room for it',
      ['ocr', '--subject', 'user=u1'],
      /no room for a drill\..*ocr-per-user has 10.*Leave --subject out/,
    ],
    ['itself as the other resource', ['ocr', '--other', 'ocr'], /--other must name another/],
    ['too few calls', ['ocr', '--calls', '3'], /--calls <n>.*from 12 to 200/],
  ])('says so of %s', async (_, [resource = '', ...more], message) => {
    expect(await drillOf(resource, ...more)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
  });

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['no key', {}, /GET \/admin\/rules.* \(missing-key\)\. It needs an admin key: set SUNDIAL_KEY/],
    ['an unknown admin key', { SUNDIAL_KEY: 'guess' }, /wrong-key/],
    ['a check key in place of an admin key', { SUNDIAL_KEY: 'app-secret' }, /key-not-allowed/],
    [
      'an unknown check key',
      { ...ENV, SUNDIAL_CHECK_KEY: 'guess' },
      /GET \/usage.* It needs a check key: set SUNDIAL_CHECK_KEY/,
    ],
  ])('names the key where there is %s', async (_, env, message) => {
    expect(await sundial(['drill', '--url', service.url, '--resource', 'ocr'], env)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message),
    });
  });

  it('does not begin beside another drill, a gate or a brake', async () => {
    const until = new Date(Date.now() + 60_000).toISOString();
    await admin('put', '/admin/drills/ocr', { fault: 'client', percent: 1, until });
    expect((await drillOf('ocr')).stderr).toMatch(
      /A drill of ocr runs already \(fault client, until .*DELETE \/admin\/drills\/ocr/,
    );
    await admin('delete', '/admin/drills/ocr');
    await admin('put', '/admin/gates', { gate: 'open', until });
    expect((await drillOf('ocr')).stderr).toMatch(/The gate of all resources is open/);
    await admin('put', '/admin/gates', { gate: 'normal' });
    const { brake } = (await admin('put', '/admin/brakes', { resource: 'ocr', percent: 5, until })) as {
      brake: { id: string };
    };
    expect((await drillOf('ocr')).stderr).toMatch(/A brake turns 5 % of ocr away/);
    await admin('delete', `/admin/brakes/${brake.id}`);
  });

  it('says where nothing answers', async () => {
    expect(await sundial(['drill', '--url', 'http://127.0.0.1:1', '--resource', 'ocr'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/http:\/\/127\.0\.0\.1:1 can't be reached: /),
    });
  });
});

describe('sundial', () => {
  it('prints its version and its help, and what is wrong with a call', async () => {
    expect(await sundial(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect(await sundial(['drill', '--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Exit codes:'),
    });
    expect(await sundial(['drill', '--resource', 'ocr'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Where is the service? Give --url'),
    });
    expect(await sundial(['drlil'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('unknown command'),
    });
  });
});
