import type { Site } from '../site.js';

/** What a school's app asks for: the data that the pictures of the console show. */
const HOUR = 3_600_000;
const RULES = [
  {
    ...{ id: 'ocr-per-user', resource: 'ocr', per: ['user'], timeZone: 'Asia/Shanghai' },
    description: 'Picture recognition for pupils',
    limits: [
      { window: 'day', max: 10, thresholds: [0.8, 1] },
      { window: 'hour', max: 3 },
    ],
    tiers: {
      by: 'plan',
      max: {
        vip: [
          { window: 'day', max: 60 },
          { window: 'hour', max: 20 },
        ],
      },
    },
    onDeny: { code: 'OCR_LIMIT', message: 'Today’s free pages are used up.', action: 'recharge-vip' },
  },
  {
    ...{ id: 'speech-scoring-per-pupil', resource: 'speech-scoring', per: ['user', 'grade'] },
    ...{ timeZone: 'Asia/Shanghai', degrade: 'allow', description: 'Spoken English, scored by a partner' },
    limits: [
      { window: 'day', max: 30 },
      { window: 'week', max: 120 },
    ],
  },
  {
    ...{ id: 'tutor-tokens', resource: 'tutor', per: ['user'], timeZone: 'Asia/Shanghai' },
    description: 'The tutor: tokens and money of each pupil',
    limits: [
      { window: 'day', meter: 'tokens', max: 20_000 },
      { window: 'day', meter: 'cny_micros', max: 5_000_000 },
      { window: 'concurrent', max: 2 },
    ],
    onDeny: { code: 'TUTOR_LIMIT', action: 'wait-or-upgrade' },
  },
  {
    ...{ id: 'tutor-budget', resource: 'tutor', per: [], timeZone: 'Asia/Shanghai', degrade: 'deny' },
    description: 'What all pupils may cost in a month',
    limits: [{ window: 'month', meter: 'cny_micros', max: 30_000_000_000 }],
  },
  {
    ...{ id: 'sms-per-phone', resource: 'sms', per: ['phone'], timeZone: 'Asia/Shanghai', degrade: 'deny' },
    description: 'Codes by text message',
    limits: [
      { window: 'hour', max: 5 },
      { window: 'day', max: 12 },
    ],
  },
  {
    ...{ id: 'export-per-school', resource: 'export', per: ['school'], timeZone: 'Asia/Shanghai' },
    ...{ mode: 'observe', description: 'Tried out: reports of a class as a file' },
    limits: [{ window: 'month', max: 100 }],
  },
];

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const pick = <T>(list: readonly T[], at: number): T => list[at % list.length]!;
/** The same numbers each time, spread like random ones. */
const spread = (n: number) => Math.imul(n, 0x9e3779b1) >>> 8;
/** Of 6,000 pupils, some ask far more often than others; each has one plan and one grade. */
const userOf = (n: number) => 2_000 + Math.floor(6_000 * ((spread(n + 13) % 10_000) / 10_000) ** 2);

/** The subject that the pictures look at, who has everything. */
export const PUPIL = 'u-1024';
export const OPERATION = 'essay-2026-1127-0042';

/** One check of an ordinary minute. */
function checkOf(n: number): object {
  const operationId = `app-${100_000 + (spread(n) % 900_000)}-${n}`;
  const common = { operationId };
  const pupil = userOf(n);
  const user = `u-${pupil}`;
  switch (spread(n) % 10) {
    case 0:
    case 1:
    case 2:
    case 3:
      return {
        ...common,
        resource: 'ocr',
        subject: { user, plan: pick(['free', 'free', 'vip'], pupil) },
      };
    case 4:
    case 5:
    case 6:
      return {
        ...common,
        resource: 'speech-scoring',
        subject: { user, grade: String(3 + (pupil % 4)) },
      };
    case 7:
    case 8: {
      const tokens = 200 + (spread(n + 7) % 1800);
      return {
        ...common,
        resource: 'tutor',
        subject: { user },
        amounts: { tokens, cny_micros: 60 * tokens },
      };
    }
    default:
      return n % 3 === 0
        ? { ...common, resource: 'export', subject: { school: pick(['no-7', 'riverside', 'no-12'], n) } }
        : { ...common, resource: 'sms', subject: { phone: `138****${1000 + (spread(n) % 300)}` } };
  }
}

/** Checks at about so many a second on all nodes, until it is stopped. A node that does not answer is left out. */
export class Traffic {
  #sent = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(site: Site, perSecond: number) {
    const everyMs = 50;
    this.#timer = setInterval(() => {
      // Heavier and lighter, as people are.
      const wave = 1 + 0.35 * Math.sin(Date.now() / 4_000);
      for (let left = Math.round((perSecond * everyMs * wave) / 1_000); left > 0; left--) {
        this.#sent += 1;
        const node = this.#sent % site.nodes.length;
        void site.ask('POST', '/check', checkOf(this.#sent), { node }).catch(() => undefined);
      }
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** The rules, as they were written and once changed. */
export async function writeRules(site: Site): Promise<void> {
  await site.ask('PUT', '/admin/rules?reason=as%20agreed%20with%20the%20product', { rules: RULES });
  const [ocr] = RULES;
  await site.ask('PATCH', `/admin/rules/${ocr!.id}?reason=too%20generous`, {
    limits: [
      { window: 'day', max: 20 },
      { window: 'hour', max: 3 },
    ],
  });
  await site.ask('PATCH', `/admin/rules/${ocr!.id}?reason=back%20to%20ten%2C%20with%20a%20mail%20before`, {
    limits: ocr!.limits,
  });
}

/** One pupil with packs, an override, a hold and a long operation. */
export async function writePupil(site: Site): Promise<void> {
  const subject = { user: PUPIL };
  await site.ask('PUT', '/admin/overrides', {
    ...{ rule: 'ocr-per-user', subject, limits: [{ window: 'day', add: 10 }] },
    ...{ validUntil: inMs(9 * HOUR), reason: 'lost pages in the outage of this morning' },
  });
  await site.ask('POST', '/admin/packs', {
    ...{ resource: 'ocr', subject, amount: 50, operationId: 'order-88213', reason: 'bought: 50 pages' },
    expiresAt: inMs(30 * 24 * HOUR),
  });
  for (let page = 0; page < 5; page++)
    await site.ask('POST', '/check', { resource: 'ocr', subject, operationId: `homework-page-${page + 1}` });
  await site.ask('POST', '/check', { resource: 'ocr', subject, operationId: 'homework-all', amount: 99 });
  const held = await site.ask('POST', '/reservations', {
    ...{ resource: 'tutor', subject, operationId: OPERATION, ttlMs: 600_000 },
    amounts: { tokens: 6_000, cny_micros: 400_000 },
  });
  const { id } = (held.body as { reservation: { id: string } }).reservation;
  await site.ask('POST', `/reservations/${id}/extend`, { ttlMs: 900_000 }, { node: 1 });
  await site.ask(
    'POST',
    `/reservations/${id}/commit`,
    { amounts: { tokens: 4_210, cny_micros: 280_000 } },
    { node: 2 },
  );
  await site.ask('POST', '/reservations', {
    ...{ resource: 'tutor', subject, operationId: 'essay-2026-1127-0043', ttlMs: 900_000 },
    amounts: { tokens: 3_000, cny_micros: 200_000 },
  });
}

/** What operators have set. */
export async function writeControls(site: Site, key: string): Promise<void> {
  const put = (path: string, body: object) => site.ask('PUT', path, body, { key });
  await put('/admin/gates/export', { gate: 'closed', until: inMs(HOUR), reason: 'the file server moves' });
  await put('/admin/brakes', {
    ...{ resource: 'tutor', percent: 40, until: inMs(2 * HOUR), reason: 'the provider asks for less' },
  });
  await put('/admin/drills/speech-scoring', {
    ...{ fault: 'store', percent: 5, until: inMs(HOUR / 2), reason: 'rehearsal before the exams' },
  });
}

/** One that works, one that refuses for good. */
export async function writeWebhooks(
  site: Site,
  { works, refuses }: { works: string; refuses: string },
): Promise<string> {
  const made = await site.ask('POST', '/admin/webhooks', {
    ...{ url: works, description: 'The chat of the team on duty' },
    filter: { types: ['threshold', 'gate-changed', 'alarm-raised', 'alarm-cleared'] },
  });
  await site.ask('POST', '/admin/webhooks', {
    ...{ url: refuses, description: 'The old data warehouse' },
    filter: { types: ['gate-changed', 'pack-exhausted'] },
  });
  return (made.body as { webhook: { id: string } }).webhook.id;
}
