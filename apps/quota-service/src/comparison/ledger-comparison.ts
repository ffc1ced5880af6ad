import type { Rule, Subject, Usage, UsageRequest } from '@sundial/contract';
import type { LedgerEventKind, LedgerLimit, LedgerQuestions, RecordedEvent } from '@sundial/ledger';
import type { CounterDiffers } from '../alarms/evaluators/alarm-signal.js';
import { type CountedBy, recordedLimits } from '../ledger/recording/recorded-limits.js';
import { type RecordedUse, recordedUse } from './recorded-use.js';

/** What it asks. */
export interface Compared {
  readonly questions: Pick<LedgerQuestions, 'decisions' | 'events' | 'audit'>;
  usage(request: UsageRequest): Promise<Usage>;
  rulesOf(resource: string): readonly Rule[];
  readonly countedBy: CountedBy;
}

/** Windows compared, and those of which events do not say for certain what they should have. */
export interface ComparedWindows {
  equal: number;
  different: number;
  uncertain: number;
}

const COMPARISON = {
  /** Counters of one round, and events that are read of one: a busier counter is not compared. */
  sample: 8,
  events: 2_000,
  /** So long nothing was recorded of a counter that is compared: what was decided on other nodes is in the ledger by then. */
  quietMs: 10_000,
  /** A difference that is there so much later, and is the same, is none that something on its way would end. */
  secondLookMs: 60_000,
  /** Counters with a difference that are looked at again. */
  suspects: 100,
} as const;

/** Windows that began longer ago would be too much to read. */
const MAX_AGE_MS = 26 * 3_600_000;
/** Changes of a rule reach nodes after they are recorded, and events of a window may be recorded before it began. */
const MARGIN_MS = 60_000;
const PAGE = 1_000;
const KINDS: readonly LedgerEventKind[] = [
  'check',
  'reserve',
  'extend',
  'commit',
  'release',
  'refund',
  'report',
];

/** A counter: the values of what its rule counts by. */
interface Counter {
  readonly rule: Rule;
  readonly subject: Subject;
  /** A subject that has all attributes that the rules of the resource count by. */
  readonly whole: Subject;
}

interface Suspect {
  readonly counter: Counter;
  readonly startsAt: number;
  readonly resetsAt: number;
  readonly excess: number;
  readonly lookAt: number;
}

/**
 * Compares counters with the events of the ledger, some at a time: those of decisions that were made at a random time of the last day and since when
 * it was quiet about them. A difference counts where it is the same at a second look, and is said at every further one until it is over. What
 * events leave open is no difference.
 */
export class LedgerComparison {
  readonly windows: ComparedWindows = { equal: 0, different: 0, uncertain: 0 };
  readonly #suspects = new Map<string, Suspect>();

  constructor(
    private readonly compared: Compared,
    private readonly random: () => number = Math.random,
  ) {}

  /** One round. `at`: the store's clock; `since`: windows that began before it are left out, as events of them may be missing. */
  async round(at: number, since: number): Promise<readonly CounterDiffers[]> {
    const now = Math.round(at);
    const from = Math.max(since, now - MAX_AGE_MS);
    const seen = new Set<string>();
    const differences: CounterDiffers[] = [];
    for (const counter of [...this.#due(now, from), ...(await this.#sample(now))]) {
      if (seen.has(keyOf(counter))) continue;
      seen.add(keyOf(counter));
      differences.push(...(await this.#look(counter, now, from)));
    }
    return differences;
  }

  /** What was suspected may have been on its way while the store or the ledger was away. */
  forget(): void {
    this.#suspects.clear();
  }

  /** Some of the suspects; the others come first in the next round. */
  #due(now: number, from: number): readonly Counter[] {
    const due: Counter[] = [];
    for (const [key, suspect] of [...this.#suspects]) {
      const { counter, startsAt, resetsAt, lookAt } = suspect;
      if (startsAt < from || resetsAt <= now) this.#suspects.delete(key);
      else if (lookAt <= now && due.length < COMPARISON.sample) {
        this.#suspects.delete(key);
        this.#suspects.set(key, suspect);
        due.push(counter);
      }
    }
    return due;
  }

  /** Those of the decisions up to a random time: mostly of the last minutes, sometimes of hours ago. */
  async #sample(now: number): Promise<readonly Counter[]> {
    const age = COMPARISON.quietMs + MAX_AGE_MS * this.random() ** 8;
    const { rows } = await this.compared.questions.decisions(
      { to: Math.round(now - age) },
      { limit: COMPARISON.sample },
    );
    return rows.flatMap(({ resource, subject }) => {
      if (resource === undefined || subject === undefined) return [];
      const rules = this.compared.rulesOf(resource);
      const rule = rules[Math.floor(this.random() * rules.length)];
      if (rule === undefined || scopeOf(rules).some((name) => subject[name] === undefined)) return [];
      return [{ rule, subject: partOf(subject, rule.per), whole: subject }];
    });
  }

  async #look(counter: Counter, now: number, from: number): Promise<readonly CounterDiffers[]> {
    const { resource } = counter.rule;
    const before = await this.#counted(counter);
    const limits = before.filter(
      ({ startsAt, resetsAt }) => isCurrent(startsAt, resetsAt) && startsAt! >= from,
    );
    if (limits.length === 0) return [];
    const start = Math.min(...limits.map(({ startsAt }) => startsAt!)) - MARGIN_MS;
    const events = await this.#events(counter, start);
    if (events === undefined || events.some(({ at }) => at > now - COMPARISON.quietMs)) return [];
    if (await this.#wasChanged(counter, start)) return [];
    const after = await this.#counted(counter);
    const scope = scopeOf(this.compared.rulesOf(resource));
    return limits.flatMap((limit) => {
      const recorded = recordedUse(events, { limit, per: counter.rule.per, scope }, now);
      const isSettled = after.some((one) => isSame(one, limit) && one.used === limit.used);
      return this.#judge(counter, limit, isSettled ? recorded : undefined, now);
    });

    function isCurrent(startsAt: number | null, resetsAt: number | null | undefined): boolean {
      return startsAt !== null && typeof resetsAt === 'number' && startsAt <= now && now < resetsAt;
    }
  }

  #judge(
    counter: Counter,
    limit: LedgerLimit,
    recorded: RecordedUse | undefined,
    now: number,
  ): readonly CounterDiffers[] {
    const key = `${keyOf(counter)} ${limit.window} ${limit.meter}`;
    const known = this.#suspects.get(key);
    const [startsAt, resetsAt] = [limit.startsAt!, limit.resetsAt!];
    if (recorded === undefined || recorded.used === limit.used) {
      this.windows[recorded === undefined ? 'uncertain' : 'equal'] += 1;
      this.#suspects.delete(key);
      return [];
    }
    const excess = limit.used - recorded.used;
    const isSecond = known?.startsAt === startsAt && known.excess === excess;
    if (isSecond && now < known.lookAt) return [];
    this.#suspects.delete(key);
    if (this.#suspects.size < COMPARISON.suspects)
      this.#suspects.set(key, { counter, startsAt, resetsAt, excess, lookAt: now + COMPARISON.secondLookMs });
    if (!isSecond) return [];
    this.windows.different += 1;
    const { rule, window, meter, used: counted } = limit;
    const { operationId } = recorded;
    return [
      {
        resource: counter.rule.resource,
        rule,
        window,
        meter,
        startsAt,
        recorded: recorded.used,
        counted,
        operationId,
      },
    ];
  }

  /** The limits of the rule, as events have them; none while the store does not answer. */
  async #counted({ rule, whole }: Counter): Promise<readonly LedgerLimit[]> {
    const { resource, id } = rule;
    const { limits, degraded } = await this.compared.usage({ resource, subject: whole });
    if (degraded !== null) return [];
    return recordedLimits(
      limits.filter((limit) => limit.rule === id),
      whole,
      this.compared.countedBy,
    );
  }

  /** Undefined where there are too many. */
  async #events({ rule, subject }: Counter, from: number): Promise<readonly RecordedEvent[] | undefined> {
    const filter = { kinds: KINDS, resource: rule.resource, from, ...(rule.per.length > 0 && { subject }) };
    const events: RecordedEvent[] = [];
    let cursor: string | undefined;
    do {
      const page = { order: 'oldest', limit: PAGE, ...(cursor !== undefined && { cursor }) } as const;
      const { rows, next } = await this.compared.questions.events(filter, page);
      events.push(...rows);
      if (events.length > COMPARISON.events) return undefined;
      cursor = rows.length === PAGE ? next : undefined;
    } while (cursor !== undefined);
    return events;
  }

  /** An operator changed the rule, or what the counter has. */
  async #wasChanged({ rule, subject }: Counter, from: number): Promise<boolean> {
    const { questions } = this.compared;
    const [ofRule, resets] = [
      await questions.audit({ target: rule.id, from }, { limit: PAGE }),
      await questions.audit({ action: 'subject-reset', from }, { limit: PAGE }),
    ];
    if (ofRule.next !== undefined || resets.next !== undefined) return true;
    return [...ofRule.rows, ...resets.rows].some(
      ({ outcome, subject: changed }) =>
        outcome.startsWith('rule-') ||
        (SETS_COUNTERS.has(outcome) && isSameSubject(changed ?? subject, subject)),
    );
  }
}

const SETS_COUNTERS: ReadonlySet<string> = new Set(['usage-corrected', 'subject-reset']);

function scopeOf(rules: readonly Rule[]): readonly string[] {
  return [...new Set(rules.flatMap(({ per }) => per))];
}

function partOf(subject: Subject, names: readonly string[]): Subject {
  return Object.fromEntries(names.map((name) => [name, subject[name]!]));
}

function keyOf({ rule, subject }: Counter): string {
  return `${rule.id} ${JSON.stringify(rule.per.map((name) => subject[name]))}`;
}

function isSame(one: LedgerLimit, other: LedgerLimit): boolean {
  return one.window === other.window && one.meter === other.meter && one.startsAt === other.startsAt;
}

function isSameSubject(one: Subject, other: Subject): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
