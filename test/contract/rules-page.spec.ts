import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { CheckRequest, Limit, Rule } from '@sundial/contract';
import { LiveRules, MemoryStore, parseRule, RuleBook, windowText, YamlText } from '@sundial/engine';
import { parseRuleFile } from '../../libs/engine/src/rules/rule-file.js';
import { engineOn } from '../support/engine-on.js';

/** docs/rules.md, as its readers use it: what it shows is parsed, and decides. */
const PAGE = readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8');
const NOW = Date.parse('2026-11-22T12:34:05+08:00');

/** The rules that stand in YAML under a heading. */
function rulesUnder(heading: string): Rule[] {
  const [, section] = PAGE.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [, yaml] = /```yaml\n(.*?)```/s.exec(section!)!;
  return parseRuleFile(yaml!, `docs/rules.md, "${heading}"`);
}

const HEADINGS = PAGE.split(/^#+ /m)
  .slice(1)
  .filter((section) => section.includes('```yaml'))
  .map((section) => section.slice(0, section.indexOf('\n')));

/** The rows of the table of windows: a window as YAML, and the one that holds `NOW`. */
const WINDOWS = [...PAGE.matchAll(/^\| `(.+?)` +\|.*\| (?:(\S+) to (\S+)|no end) +\|$/gm)].map(
  ([, yaml, startsAt = null, resetsAt = null]) => ({ yaml: yaml!, startsAt, resetsAt }),
);

const named = (yaml: string) => (new YamlText(`window: ${yaml}`).content as Pick<Limit, 'window'>).window;

async function engineWith(rules: readonly Rule[]) {
  const live = new LiveRules();
  live.apply(new RuleBook(1, rules));
  const store = await MemoryStore.open({ clockOffsetMs: NOW - Date.now() });
  return engineOn({ store, rules: live });
}

/** Fields of a rule that have a section of their own. */
const SHOWN_ELSEWHERE = ['strictZone', 'tiers'];

describe('docs/rules.md', () => {
  it('has the recipes that people ask for', () => {
    expect(HEADINGS).toEqual([
      'Rules',
      '10 a day and 3 an hour',
      'Tokens and money of a streaming LLM product',
      'Five-hour slots',
      'Seats',
      "Everyone's own midnight",
      'Monthly from the billing day',
      'At most 5 at once',
      'For certain callers',
      'At certain times',
      'Tell another system',
      'Top-up packs',
    ]);
  });

  it('shows a rule with every field', () => {
    const [rule] = rulesUnder('Rules');
    const fields = [...PAGE.split('## Limits')[0]!.matchAll(/^\| `(\w+)`/gm)].map(([, field]) => field);
    expect([...Object.keys(rule!), ...SHOWN_ELSEWHERE].sort()).toEqual([...fields].sort());
    const limitFields = new Set(rule!.limits.flatMap((limit) => Object.keys(limit)));
    expect([...limitFields].sort()).toEqual(['max', 'meter', 'window']);
  });

  it.each(HEADINGS)('shows rules that count, and windows as they are written: %s', async (heading) => {
    const rules = rulesUnder(heading).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const [{ resource }] = rules as [Rule];
    const subject = Object.fromEntries(rules.flatMap(({ per }) => per.map((name) => [name, 'x1'])));
    const meters = rules.flatMap(({ limits }) => limits.flatMap(({ meter }) => meter ?? []));
    const amounts = Object.fromEntries(meters.map((meter) => [meter, 7]));
    const engine = await engineWith(rules);
    const decision = await engine.check({ resource, subject, amounts });
    expect(decision).toMatchObject({
      ...{ allowed: true, degraded: null },
      limits: rules.flatMap(({ id, limits }) =>
        limits.map(({ window, meter = 'units', max, when }) => ({
          ...{ rule: id, window, meter },
          ...(when === undefined && { max, source: 'rule' }),
          used: window === 'concurrent' ? 0 : (amounts[meter] ?? 1),
        })),
      ),
    });
    expect((await engine.usage({ resource, subject })).limits).toEqual(decision.limits);
    await engine.close();
  });

  it.each(WINDOWS)('says what the window $yaml is', async ({ yaml, startsAt, resetsAt }) => {
    const window = named(yaml);
    const rule = parseRule({
      ...{ id: 'r', resource: 'r', per: [], timeZone: 'Asia/Shanghai' },
      limits: [{ window, max: 1 }],
    });
    const engine = await engineWith([rule]);
    const { limits } = await engine.usage({ resource: 'r', subject: {} });
    expect(limits).toMatchObject([{ window, startsAt, resetsAt }]);
    await engine.close();
  });

  it('has every unit and every part in its table of windows', () => {
    const windows = WINDOWS.map(({ yaml }) => named(yaml));
    expect(new Set(windows.map(windowText)).size).toBe(windows.length);
    const plain = windows.filter((window) => typeof window === 'string');
    expect(plain).toEqual('minute hour day week month quarter year total concurrent'.split(' '));
    const parts = windows.flatMap((window) => (typeof window === 'string' ? [] : Object.keys(window)));
    expect(new Set(parts)).toEqual(new Set(['unit', 'every', 'startsAt', 'startsOn']));
  });

  it('lets three an hour pass, and then says when the next may', async () => {
    const engine = await engineWith(rulesUnder('10 a day and 3 an hour'));
    const check = () => engine.check({ resource: 'ocr', subject: { user: 'u1' } });
    for (const used of [1, 2, 3]) expect(await check()).toMatchObject({ limits: [{ used }, { used }] });
    const { allowed, retryAfterMs, limits } = await check();
    expect({ allowed, used: limits.map(({ used }) => used) }).toEqual({ allowed: false, used: [3, 3] });
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(26 * 60_000);
    await engine.close();
  });

  it('counts questions, tokens and money together or not at all', async () => {
    const engine = await engineWith(rulesUnder('Tokens and money of a streaming LLM product'));
    const [, request] = /`(\{ "resource": "llm".*?\} \})`/.exec(PAGE)!;
    const asked = JSON.parse(request!) as CheckRequest;
    const { resource, subject } = asked;
    const used = async () => (await engine.usage({ resource, subject })).limits.map((limit) => limit.used);
    expect(await engine.check(asked)).toMatchObject({ allowed: true });
    expect(await used()).toEqual([36_000, 1, 1_200, 36_000]);
    const refused = await engine.check({ ...asked, amounts: { tokens: 18_801, cny_micros: 1 } });
    expect(refused).toMatchObject({
      ...{ allowed: false, reason: 'limit-reached', onDeny: { code: 'LLM_LIMIT' } },
      limits: [{ exceeded: false }, { exceeded: false }, { exceeded: true }, { exceeded: false }],
    });
    expect(await used()).toEqual([36_000, 1, 1_200, 36_000]);
    await engine.close();
  });

  it('gives out three seats, and no time after which there is another', async () => {
    const engine = await engineWith(rulesUnder('Seats'));
    const check = () => engine.check({ resource: 'seat', subject: { account: 'a1' } });
    for (const used of [1, 2, 3]) expect(await check()).toMatchObject({ allowed: true, limits: [{ used }] });
    const decision = await check();
    expect(decision).toMatchObject({ allowed: false, reason: 'limit-reached' });
    expect(decision).not.toHaveProperty('retryAfterMs');
    await engine.close();
  });
});
