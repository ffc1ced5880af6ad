import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Decision, LimitState } from '@sundial/contract';
import { LiveRules, RuleBook } from '@sundial/engine';
import { aRule } from '../../../../test/contract/rules.js';
import { EventObserver } from './event-observer.js';
import type { EventOutbox, PublishedEvent } from './event-outbox.js';

const OF = { resource: 'ocr', subject: { user: 'u1' } };
const LIMIT: LimitState = {
  ...{ rule: aRule().id, mode: 'enforce', window: 'day', meter: 'units', timeZone: 'UTC', source: 'rule' },
  ...{ max: 10, used: 9, reserved: 0, remaining: 1, exceeded: false },
  ...{ startsAt: '2026-11-27T00:00:00+00:00', resetsAt: '2026-11-28T00:00:00+00:00' },
};
const DECISION: Decision = {
  ...{ allowed: true, reason: 'ok', operationId: 'o1', replayed: false, wouldDeny: false },
  ...{ limits: [LIMIT], degraded: null, rulesVersion: 1 },
};

let published: PublishedEvent[];
let observer: EventObserver;
beforeEach(() => {
  published = [];
  observer = new EventObserver({
    publish: (event: PublishedEvent) => published.push(event),
  } as unknown as EventOutbox);
  const rule = aRule({ limits: [{ window: 'day', max: 10, thresholds: [0.8] }] });
  observer.begin(new LiveRules(new RuleBook(1, [rule])), () => 1_000);
});

describe('what becomes an event', () => {
  it('is a pack of which the last unit is taken, under the same id on every node', () => {
    const packs = [
      { id: 'gone', meter: 'units', taken: 2, remaining: 0 },
      { id: 'left', meter: 'units', taken: 1, remaining: 3 },
    ];
    observer.decided(OF, { ...DECISION, limits: [], packs });
    observer.decided(OF, { ...DECISION, limits: [], packs, replayed: true });
    expect(published).toMatchObject([
      {
        type: 'pack-exhausted',
        at: 1_000,
        subject: 'ocr?user=u1',
        data: { ...OF, pack: 'gone', meter: 'units' },
      },
    ]);
    observer.decided({ ...OF, subject: { user: 'u2' } }, { ...DECISION, limits: [], packs });
    expect(published[1]!.id).toBe(published[0]!.id);
  });

  it('is a threshold that a reservation reaches when it is raised', () => {
    const reservation = {
      ...{ id: 'r', operationId: 'o1', ...OF, state: 'held' as const, amounts: { units: 9 } },
      expiresAt: '2026-11-27T01:00:00Z',
    };
    observer.extended({ amount: 9 }, { ...DECISION, reservation });
    observer.extended({ amount: 9 }, { ...DECISION, reservation: null });
    expect(published).toMatchObject([{ type: 'threshold', data: { threshold: 0.8, used: 9 } }]);
  });
});
