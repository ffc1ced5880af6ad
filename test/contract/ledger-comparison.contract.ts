import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommitRequest, Reservation, Subject } from '@sundial/contract';
import { LiveRules, type QuotaEngine, RuleBook } from '@sundial/engine';
import type { Ledger, LedgerEvent } from '@sundial/ledger';
import fc from 'fast-check';
import { LedgerCoverage } from '../../apps/quota-service/src/comparison/ledger-coverage.js';
import { LedgerComparison } from '../../apps/quota-service/src/comparison/ledger-comparison.js';
import type { Settings } from '../../apps/quota-service/src/config/settings.js';
import { DecisionRecorder } from '../../apps/quota-service/src/ledger/recording/decision-recorder.js';
import type { LedgerRecorder } from '../../apps/quota-service/src/ledger/recording/ledger-recorder.js';
import { engineOn } from '../support/engine-on.js';
import { RedisProcess } from '../support/redis-process.js';
import { aRule } from './rules.js';
import { openRedisStore } from './store-under-test.js';

const [QUIET_MS, SECOND_LOOK_MS] = [20_000, 61_000];
/** Holds of a minute have expired by then; the windows are the same. */
const LATER_MS = 120_000;
const BEGINNING = Date.UTC(2026, 10, 22, 12, 20, 30);

const SETTINGS = { nodeName: 'a', clockOffsetMs: 0 } as Settings;
const RULES = [
  aRule({
    limits: [
      { window: 'day', max: 12 },
      { window: 'hour', max: 9, soft: true },
      { window: 'day', meter: 'tokens', max: 30 },
      { window: { unit: 'hour', every: 5 }, max: null },
      { window: 'total', max: 100 },
    ],
  }),
  aRule({ id: 'ocr-per-grade', per: ['user', 'grade'], limits: [{ window: 'day', max: 8 }] }),
  aRule({ id: 'watched', per: ['grade'], mode: 'observe', limits: [{ window: 'hour', max: 1 }] }),
];

const which = fc.nat({ max: 7 });
const anyStep = fc.record({
  verb: fc.constantFrom(
    ...(['check', 'check', 'reserve', 'reserve'] as const),
    ...(['commit', 'release', 'extend', 'refund', 'again'] as const),
  ),
  which,
  amount: fc.nat({ max: 3 }),
  tokens: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
  commits: fc.boolean(),
});
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

/** A node whose decisions are recorded, and what operations it was asked for. */
class RecordedNode {
  readonly made: Made[] = [];

  constructor(
    readonly quota: QuotaEngine,
    private readonly name: string,
  ) {}

  async do(step: Step): Promise<void> {
    const { verb, which: index } = step;
    const of = this.made[index % Math.max(this.made.length, 1)];
    if (verb === 'check' || verb === 'reserve') await this.#take(step);
    else if (of && (verb === 'refund' || verb === 'again')) await this.#repeat(verb, of);
    else if (of?.reservation) await this.#end(step, of.reservation.id);
  }

  async #take({ verb, which: index, commits, ...amounts }: Step): Promise<void> {
    const subject = { user: `${this.name}-${index % 2}`, grade: `${this.name}-${index % 3}` };
    const operationId = `${this.name}-${this.made.length}`;
    const request = { resource: 'ocr', subject, operationId, ...takesOf(amounts) };
    if (verb === 'check') {
      await this.quota.check(request);
      return void this.made.push({ subject, operationId });
    }
    const onExpiry = commits ? 'commit' : 'release';
    const { reservation } = await this.quota.reserve({ ...request, onExpiry, ttlMs: 60_000 });
    this.made.push({ subject, operationId, reservation });
  }

  async #repeat(verb: 'refund' | 'again', { subject, operationId }: Made): Promise<void> {
    const request = { resource: 'ocr', subject, operationId };
    await (verb === 'refund' ? this.quota.refund(request) : this.quota.check(request));
  }

  async #end({ verb, commits, ...amounts }: Step, id: string): Promise<void> {
    const takes = commits ? {} : takesOf(amounts);
    if (verb === 'commit') await this.quota.commit(id, takes);
    else if (verb === 'release') await this.quota.release(id);
    else await this.quota.extend(id, { ttlMs: 90_000, ...takes });
  }
}

interface Made {
  readonly subject: Subject;
  readonly operationId: string;
  readonly reservation?: Reservation | null;
}

function takesOf({ amount, tokens }: Pick<Step, 'amount' | 'tokens'>): CommitRequest {
  return { amount, ...(tokens !== undefined && { amounts: { tokens } }) };
}

/** Counters on a Redis against the events of a ledger. */
export function ledgerComparisonContract(open: () => Promise<Ledger>): void {
  describe('and counters on Redis', () => {
    let redis: RedisProcess;
    const opened: QuotaEngine[] = [];
    beforeAll(async () => void (redis = await RedisProcess.start()));
    afterEach(async () => void (await Promise.all(opened.splice(0).map((node) => node.close()))));
    afterAll(() => redis.stop());

    async function site() {
      const ledger = await open();
      const rules = new LiveRules(new RuleBook(1, RULES));
      const countedBy = (rule: string) => rules.current.byId(rule)?.per;
      let isRecorded = (_: LedgerEvent) => true;
      const nodeAt = async (instant: number) => {
        const store = await openRedisStore({ kind: 'single', url: redis.url }, instant - Date.now());
        const record = (event: LedgerEvent) =>
          void (isRecorded(event) && ledger.record({ ...event, at: event.at ?? Math.round(store.now()) }));
        const recorder = {
          record,
          get now() {
            return Math.round(store.now());
          },
        } as unknown as LedgerRecorder;
        const observer = new DecisionRecorder(recorder);
        observer.knows(countedBy);
        const node = engineOn({ store, rules, deadlineMs: 10_000, observer });
        opened.push(node);
        return node;
      };
      const nodes = [await nodeAt(BEGINNING), await nodeAt(BEGINNING + LATER_MS)] as const;
      const compared = {
        questions: ledger.questions,
        usage: (request: Parameters<QuotaEngine['usage']>[0]) => nodes[1].usage(request),
        rulesOf: (resource: string) => rules.current.forResource(resource),
        countedBy,
      };
      let [rounds, draws] = [0, 0];
      // The latest decisions, and of each round other rules.
      const comparison = new LedgerComparison(compared, () => {
        draws += 1;
        return draws === 1 ? 0 : ((draws + rounds) % RULES.length) / RULES.length;
      });
      const look = (afterMs: number) => {
        [rounds, draws] = [rounds + 1, 0];
        return comparison.round(nodes[1].now() + afterMs, 0);
      };
      return {
        ...{ ledger, nodes, comparison, look },
        coverage: new LedgerCoverage({ ledger } as never, nodes[1], {} as never, SETTINGS),
        drops: (drops: (event: LedgerEvent) => boolean) => (isRecorded = (event) => !drops(event)),
      };
    }

    it('agree after any checks, reservations and refunds', async () => {
      const { ledger, nodes, comparison, coverage, look } = await site();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { minLength: 15, maxLength: 30 }), which, async (steps, turn) => {
          const name = `r${(run += 1)}`;
          const [early, late] = nodes.map((quota) => new RecordedNode(quota, name));
          for (const [index, step] of steps.entries()) {
            if (index === turn) late!.made.push(...early!.made);
            await (index < turn ? early! : late!).do(step).catch(isConflict);
          }
          await ledger.flush();
          expect(await look(QUIET_MS)).toEqual([]);
          expect(await look(QUIET_MS + SECOND_LOOK_MS)).toEqual([]);
        }),
        // A smaller counterexample is not worth the time that CI has.
        { numRuns: 4, endOnFailure: true },
      );
      expect(comparison.windows).toMatchObject({ different: 0, equal: expect.any(Number) });
      expect(comparison.windows.equal).toBeGreaterThan(10);
      expect(await coverage.since()).toBeGreaterThan(BEGINNING + LATER_MS);
    });

    const check = (user: string, operationId: string) => ({
      resource: 'ocr',
      subject: { user, grade: `of ${user}` },
      operationId,
    });
    const differs = {
      resource: 'ocr',
      rule: 'ocr-per-user',
      window: 'day',
      meter: 'units',
      startsAt: Date.UTC(2026, 10, 21, 16),
    };

    it('differ where an event was lost, at the second look and until it is over', async () => {
      const {
        ledger,
        nodes: [, node],
        drops,
        look,
      } = await site();
      drops(({ operationId }) => operationId === 'lost');
      for (const id of ['one', 'lost', 'two']) await node.check(check('u1', id));
      await ledger.flush();
      // Too soon: what was decided elsewhere may be on its way.
      expect(await look(0)).toEqual([]);
      expect(await look(SECOND_LOOK_MS - QUIET_MS)).toEqual([]);
      expect(await look(SECOND_LOOK_MS)).toEqual([]);
      const difference = { ...differs, recorded: 2, counted: 3, operationId: 'two' };
      expect(await look(2 * SECOND_LOOK_MS)).toContainEqual(difference);
      const at = Math.round(node.now()) + 3 * SECOND_LOOK_MS;
      ledger.record({ ...check('u1', 'three'), at, kind: 'check', outcome: 'denied' });
      await ledger.flush();
      expect(await look(3 * SECOND_LOOK_MS)).toEqual([]);
      expect(await look(4 * SECOND_LOOK_MS)).toContainEqual({ ...difference, operationId: 'three' });
      await node.refund(check('u1', 'lost'));
      await ledger.flush();
      for (let round = 5; round < 8; round++)
        expect(await look(QUIET_MS + round * SECOND_LOOK_MS)).toEqual([]);
    });

    it('differ where a counter was changed behind their back, not where an operator has set it', async () => {
      const {
        ledger,
        nodes: [, node],
        look,
      } = await site();
      await node.check(check('v1', 'one'));
      await node.check(check('v2', 'two'));
      await node.correctUsage({
        ...{ rule: 'ocr-per-user', subject: { user: 'v2' }, limits: [{ window: 'day', used: 7 }] },
      });
      ledger.record({
        ...{ at: Math.round(node.now()), kind: 'admin', outcome: 'usage-corrected', subject: { user: 'v2' } },
        data: { target: 'ocr-per-user' },
      });
      await ledger.flush();
      const keys = (await redis.cli('KEYS', '*user=v1}:ocr-per-user*')) as string[];
      expect(await redis.cli('DEL', ...keys)).toBeGreaterThan(0);
      const found: object[] = [];
      for (let round = 0; round < 6; round++) found.push(...(await look(QUIET_MS + round * SECOND_LOOK_MS)));
      expect(found).toContainEqual({ ...differs, recorded: 1, counted: 0, operationId: 'one' });
      expect(found).not.toContainEqual(expect.objectContaining({ operationId: 'two' }));
    });
  });
}

/** What a step asks may be over, refunded, or another operation. */
function isConflict(error: unknown): void {
  expect(error).toMatchObject({ name: 'QuotaError' });
}
