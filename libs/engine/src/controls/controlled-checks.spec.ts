import { describe, expect, it } from '@jest/globals';
import type { Brake, BrakeInput, DegradedCause, Drill, DrillFault as Fault } from '@sundial/contract';
import { Secret, SharedSecret } from '../operations/secret.js';
import { ControlledChecks } from './controlled-checks.js';
import type { ControlRecord } from './control-record.js';
import type { DrillFault } from './drill-fault.js';
import { LiveControls } from './live-controls.js';

const NOW = Date.parse('2026-11-22T12:20:30+08:00');
const UNTIL = '2026-11-22T13:00:00+08:00';
const SAID = { until: UNTIL, setAt: '2026-11-22T04:00:00.000Z' } as const;
const SECRET = new SharedSecret(new Secret(Buffer.alloc(32, 7)));

function checksUnder(...records: readonly ControlRecord[]) {
  const controls = new LiveControls({ now: () => NOW });
  controls.merge(records);
  const drilled: string[] = [];
  const options = {
    controls,
    now: () => NOW,
    answerMs: 5,
    drilled: (_: string, effect: string) => drilled.push(effect),
  };
  return { checks: new ControlledChecks({ ...options, secret: SECRET }), drilled };
}

let brakes = 0;
function brakeRecord(brake: Omit<BrakeInput, 'until'>): ControlRecord {
  const id = `b${brakes++}`;
  const value: Brake = { id, ...SAID, ...brake };
  return {
    key: `brake:${id}`,
    at: 1,
    node: 'a',
    endsAt: Date.parse(UNTIL),
    control: { kind: 'brake', brake: value },
  };
}

function drillRecord(fault: Fault, percent = 100): ControlRecord {
  const drill: Drill = { resource: 'ocr', fault, percent, ...SAID };
  return { key: 'drill:ocr', at: 1, node: 'a', endsAt: Date.parse(UNTIL), control: { kind: 'drill', drill } };
}

const named = (operationId: string) => ({ operationId, rulesVersion: 1 });
const OCR = { resource: 'ocr', subject: { user: 'u1', grade: '3' } };

describe('a brake', () => {
  const refusedOf = (checks: ControlledChecks, asked: typeof OCR, operations: number) => {
    let refused = 0;
    for (let i = 0; i < operations; i++) {
      const control = checks.over(asked);
      if (control && checks.judge(control, named(`o${i}`)).refusal) refused++;
    }
    return refused;
  };

  // Five standard deviations of a binomial distribution; the secret is fixed, so this is one draw for ever.
  it.each([1, 10, 50, 90, 99])('turns %d %% of the operations away', (percent) => {
    const operations = 20_000;
    const { checks } = checksUnder(brakeRecord({ resource: 'ocr', percent }));
    const share = percent / 100;
    const deviation = Math.sqrt(operations * share * (1 - share));
    const refused = refusedOf(checks, OCR, operations);
    expect(Math.abs(refused - operations * share)).toBeLessThan(5 * deviation);
  });

  it('of 100 % passes nothing', () => {
    const { checks } = checksUnder(brakeRecord({ resource: 'ocr', percent: 100 }));
    expect(refusedOf(checks, OCR, 1_000)).toBe(1_000);
  });

  it('answers an operation alike on every node, and turns away all that a weaker one did', () => {
    const record = brakeRecord({ resource: 'ocr', percent: 30 });
    const brake = (record.control as { brake: Brake }).brake;
    const stronger = {
      ...record,
      at: 2,
      control: { kind: 'brake', brake: { ...brake, percent: 60 } },
    } as const;
    const [one, other, more] = [checksUnder(record), checksUnder(record), checksUnder(stronger)].map(
      ({ checks }) =>
        (id: string) =>
          checks.judge(checks.over(OCR)!, named(id)).refusal,
    );
    for (let i = 0; i < 500; i++) {
      expect(other!(`o${i}`)).toEqual(one!(`o${i}`));
      if (one!(`o${i}`)) expect(more!(`o${i}`)).toBeDefined();
    }
  });

  it('concerns every subject that has its attributes, and no other', () => {
    const { checks } = checksUnder(brakeRecord({ resource: 'ocr', subject: { user: 'u1' }, percent: 100 }));
    expect(refusedOf(checks, OCR, 10)).toBe(10);
    expect(checks.over({ resource: 'ocr', subject: { user: 'u2', grade: '3' } })).toBeUndefined();
    expect(checks.over({ resource: 'ocr', subject: { grade: 'u1' } })).toBeUndefined();
    expect(checks.over({ resource: 'sms', subject: { user: 'u1' } })).toBeUndefined();
    expect(checks.over({ resource: 'ocr', subject: { constructor: 'u1' } as never })).toBeUndefined();
  });

  it('is asked alone where it is the strictest of several', () => {
    const { checks } = checksUnder(
      brakeRecord({ resource: 'ocr', percent: 1 }),
      brakeRecord({ resource: 'ocr', subject: { grade: '3' }, percent: 100, onDeny: { code: 'GRADE' } }),
      brakeRecord({ resource: 'ocr', subject: { user: 'u1' }, percent: 50 }),
    );
    const { refusal } = checks.judge(checks.over(OCR)!, named('o1'));
    expect(refusal).toMatchObject({
      reason: 'braked',
      onDeny: { code: 'GRADE' },
      limits: [],
      operationId: 'o1',
    });
    expect(refusal!.retryAfterMs).toBeGreaterThanOrEqual(1_000);
    expect(refusal!.retryAfterMs).toBeLessThanOrEqual(2_000);
  });
});

describe('a drill', () => {
  const effectOf = (checks: ControlledChecks, id: string) => {
    try {
      const { drilledStore } = checks.judge(checks.over(OCR)!, named(id));
      return drilledStore ? 'store-away' : 'none';
    } catch (error) {
      return (error as DrillFault).effect;
    }
  };
  const effects = (fault: Fault, percent: number) => {
    const { checks, drilled } = checksUnder(drillRecord(fault, percent));
    const met = Array.from({ length: 2_000 }, (_, i) => effectOf(checks, `o${i}`));
    expect(drilled).toEqual(met.filter((effect) => effect !== 'none'));
    return (effect: string) => met.filter((each) => each === effect).length;
  };
  /** Five standard deviations of 1,000 in 2,000. */
  const nearly = (count: number) => expect(Math.abs(count - 1_000)).toBeLessThan(112);

  it('drops connections, or answers 500 or nothing by halves, or takes the store away', () => {
    expect(effects('client', 100)('dropped')).toBe(2_000);
    expect(effects('store', 100)('store-away')).toBe(2_000);
    const service = effects('service', 100);
    nearly(service('answered'));
    expect(service('answered') + service('unanswered')).toBe(2_000);
    const both = effects('both', 100);
    nearly(both('dropped'));
    expect(both('dropped') + both('store-away')).toBe(2_000);
  });

  it('is met by its share of the operations, and a repetition meets it again', () => {
    nearly(effects('client', 50)('dropped'));
    const { checks } = checksUnder(drillRecord('client', 50));
    for (let i = 0; i < 100; i++) expect(effectOf(checks, `o${i}`)).toBe(effectOf(checks, `o${i}`));
  });

  it('lets the first calls wait for a store that does not answer, then none', async () => {
    const { checks } = checksUnder(drillRecord('store'));
    const causes: unknown[] = [];
    for (let i = 0; i < 7; i++) {
      const judgement = checks.judge(checks.over(OCR)!, named(`o${i}`));
      const check: { startedAt: number; storeAway?: DegradedCause } = { startedAt: performance.now() };
      await checks.run(judgement, check, ({ storeAway }) => void causes.push(storeAway));
    }
    expect(causes).toEqual([...Array(5).fill('timeout'), 'breaker-open', 'breaker-open']);
  });
});
