import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLedger } from '@sundial/ledger';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.js';
import { RunningService, STARTED_AT } from '../support/running-service.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const ADMIN = { authorization: 'Bearer admin-secret' };
const CALLER = { authorization: 'Bearer caller-secret' };
const head = { class: 'attention', clearAfterMs: 300 };
const PATTERNS = [
  { ...head, id: 'refused', kind: 'refusal-rate', rate: 0.5, decisions: 6, withinMs: 60_000 },
  { ...head, id: 'much', kind: 'volume', decisions: 12, withinMs: 60_000 },
  { ...head, id: 'risen', kind: 'volume', decisions: 20, factor: 3 },
  { ...head, id: 'keys', kind: 'refused-keys', refusals: 4, withinMs: 60_000 },
];
const RULE = { per: ['user'], timeZone: 'UTC', limits: [{ window: 'total', max: 2 }] };

let directory: TemporaryDirectory;
let service: RunningService;
beforeAll(async () => {
  directory = await temporaryDirectory();
  const file = (name: string, content: object) => writeFile(join(directory.path, name), stringify(content));
  await file('alarms.yaml', { patterns: PATTERNS });
  await file('rules.yaml', {
    rules: ['ocr', 'sms'].map((resource) => ({ ...RULE, id: resource, resource })),
  });
  await recordVolume();
  service = await RunningService.start({
    SUNDIAL_DATA_DIR: directory.path,
    SUNDIAL_LEDGER: 'on',
    SUNDIAL_ALARMS_FILE: join(directory.path, 'alarms.yaml'),
    SUNDIAL_RULES_FILE: join(directory.path, 'rules.yaml'),
    SUNDIAL_ADMIN_KEYS: 'ops=admin-secret',
    SUNDIAL_CHECK_KEYS: 'shop=caller-secret',
  });
});
afterAll(async () => {
  await service.stop();
  await directory.remove();
});

/** What a process before this one decided yesterday and in the last hour. */
async function recordVolume(): Promise<void> {
  const ledger = await openLedger({ node: 'one', directory: join(directory.path, 'ledger') });
  const record = (minutesAgo: number, times: number) => {
    const at = Date.parse(STARTED_AT) - minutesAgo * 60_000;
    const of = { at, kind: 'check', outcome: 'allowed', resource: 'fax', subject: { user: 'u1' } } as const;
    for (let count = 0; count < times; count++) ledger.record({ ...of, data: { reason: 'ok' } });
  };
  record(24 * 60 + 90, 1);
  record(24 * 60 + 20, 5);
  record(20, 20);
  await ledger.close();
}

async function check(resource: string, user: string): Promise<void> {
  await service.api.post('/check').set(CALLER).send({ resource, subject: { user } }).expect(200);
}

interface ListedAlarm {
  readonly pattern: string;
  readonly channel: { readonly resource: string } | null;
  readonly evidence: object;
}

async function raised(pattern: string): Promise<readonly ListedAlarm[]> {
  const { body } = await service.api.get('/admin/alarms').set(ADMIN).expect(200);
  const { active, over } = body as Record<'active' | 'over', readonly ListedAlarm[]>;
  return [...active, ...over].filter((alarm) => alarm.pattern === pattern);
}

describe('alarms about what callers ask for', () => {
  it('are raised for a resource that refuses more than its share, and for no other', async () => {
    for (let count = 0; count < 6; count++) await check('ocr', 'u1');
    for (let count = 0; count < 6; count++) await check('sms', `u${count}`);
    const alarms = await eventually(async () => {
      const found = await raised('refused');
      return found.length > 0 && found;
    });
    expect(alarms).toEqual([
      expect.objectContaining({
        channel: { resource: 'ocr', dependency: 'embedded' },
        evidence: { refusals: 4, decisions: 6, rate: 0.6667 },
        summary: 'more than 50 % of the decisions within 60 s are refusals: ocr on embedded',
      }),
    ]);
    expect(await raised('much')).toEqual([]);
  });

  it('are raised for a resource that is asked for often', async () => {
    for (let count = 0; count < 6; count++) await check('sms', `u${count}`);
    const [alarm] = await eventually(async () => {
      const found = await raised('much');
      return found.length > 0 && found;
    });
    expect(alarm).toMatchObject({ channel: { resource: 'sms' }, evidence: { decisions: 12 } });
  });

  it('are raised for more than in the same hour of yesterday, also after a restart', async () => {
    const [alarm] = await eventually(async () => {
      const found = await raised('risen');
      return found.length > 0 && found;
    });
    expect(alarm).toMatchObject({ channel: { resource: 'fax' }, evidence: { decisions: 20, yesterday: 5 } });
  });

  it('are raised for a burst of requests that are refused for their keys', async () => {
    await service.api.get('/admin/rules').set(CALLER).expect(403);
    await service.api.get('/admin/rules').expect(401);
    await service.api.post('/check').set('authorization', 'Bearer guessed').send({}).expect(401);
    expect(await raised('keys')).toEqual([]);
    await service.api.post('/check').set('authorization', 'Bearer guessed').send({}).expect(401);
    const [alarm] = await eventually(async () => {
      const found = await raised('keys');
      return found.length > 0 && found;
    });
    expect(alarm).toMatchObject({ channel: null, evidence: { refusals: 4 } });
  });
});
