import type { CheckRequest, Decision, Limit, LimitState, Rule, Subject } from '@sundial/contract';
import { UNITS_METER } from '@sundial/contract';
import { subjectOfKey } from '../admin/shown-subjects.js';
import { counterKey } from '../counters/counter-key.js';
import { fieldOf } from '../counters/limit-field.js';
import { textHash } from '../counters/text-hash.js';
import { zoneOf } from '../counters/own-rule.js';
import type { LiveRules } from '../rules/live-rules.js';
import type { SettledUsage } from '../runners/observer.js';
import { isoText } from '../windows/iso-text.js';
import { NEVER, unitOf } from '../windows/window.js';
import { countedSubject, crossingId, type Crossing } from './crossing.js';
import { MadeEvents } from './made-events.js';
import { isReached } from '../counters/share-of-max.js';

/** Limits with thresholds by rule; null of a resource without any. */
type Watched = ReadonlyMap<string, { readonly rule: Rule; readonly limits: readonly WatchedLimit[] }> | null;
type WatchedLimit = Limit & Required<Pick<Limit, 'thresholds'>>;

/** A limit as an answer shows it, or a settlement. */
type SeenLimit = Pick<LimitState, 'window' | 'meter' | 'max' | 'used' | 'startsAt' | 'resetsAt'>;

/**
 * Finds the thresholds that limits have reached in what is decided, ended and settled anyway, and refusals by limits that were never
 * reached before. Each is reported once a window, counter and threshold, as far as this node remembers. What is decided without the
 * store tells nothing: its settlement does.
 */
export class ThresholdWatch {
  readonly #made = new MadeEvents();
  readonly #watched = new WeakMap<readonly Rule[], Watched>();

  constructor(
    private readonly rules: Pick<LiveRules, 'current'>,
    private readonly report: (crossing: Crossing) => void,
  ) {}

  decided({ resource, subject }: Pick<CheckRequest, 'resource' | 'subject'>, decision: Decision): void {
    if (decision.degraded !== null) return;
    if (decision.reason === 'limit-reached') this.#refused(resource, subject, decision.limits);
    this.seen(resource, subject, decision.limits);
  }

  /** The states of limits as an answer that is exact shows them. */
  seen(resource: string, subject: Subject, limits: readonly (SeenLimit & { readonly rule: string })[]): void {
    const book = this.rules.current;
    if (!book.hasThresholds) return;
    const watched = this.#watchedAmong(book.forResource(resource));
    if (watched === null) return;
    for (const state of limits) {
      const known = watched.get(state.rule);
      const limit = known?.limits.find((each) => isSame(each, state));
      if (known === undefined || limit === undefined || !isReached(limit.thresholds[0]!, state)) continue;
      const { rule } = known;
      const of = { resource, rule, key: counterKey(rule, subject).key, ...countedBy(rule, subject) };
      this.#reached(of, limit, state);
    }
  }

  /** Something was settled in a limit. */
  settled({ resource, rule: id, key, field, used, max, startsAtMs, resetsAtMs }: SettledUsage): void {
    const rule = this.rules.current.byId(id);
    const limit = rule?.limits.find((each) => fieldOf(each) === field);
    if (rule === undefined || limit?.thresholds === undefined) return;
    const shown = rule.per.length === 0 ? { subject: {} } : subjectOfKey(rule, key);
    if (shown === undefined) return;
    const { window, meter = UNITS_METER } = limit;
    const hasEnd = resetsAtMs < NEVER;
    const [startsAt, resetsAt] = [startsAtMs, resetsAtMs].map((at) =>
      hasEnd ? isoText(at, zoneOf(rule)) : null,
    );
    const state = { window, meter, used, max, startsAt: startsAt!, resetsAt: resetsAt! };
    this.#reached({ resource, rule, key, ...shown }, limit as WatchedLimit, state);
  }

  /** It could not be kept: the next answer that shows it reports it again. */
  lost({ mark }: Pick<Crossing, 'mark'>): void {
    this.#made.forget(mark);
  }

  #reached(of: Counted, limit: WatchedLimit, state: SeenLimit): void {
    for (const threshold of limit.thresholds) {
      if (!isReached(threshold, state)) return;
      this.#make('threshold', of, state, threshold);
    }
  }

  /** By limits that enforce; of one that counts what is held at once there is no window in which it could be the first. */
  #refused(resource: string, subject: Subject, limits: readonly LimitState[]): void {
    for (const state of limits) {
      const { exceeded, mode, soft, max, window } = state;
      if (!exceeded || mode !== 'enforce' || soft === true || max === null) continue;
      const rule = this.rules.current.byId(state.rule);
      if (rule === undefined || unitOf(window) === 'concurrent') continue;
      const of = { resource, rule, key: counterKey(rule, subject).key, ...countedBy(rule, subject) };
      this.#make('limit-reached', of, state);
    }
  }

  #make(
    kind: Crossing['kind'],
    { resource, rule, key, ...whose }: Counted,
    state: SeenLimit,
    threshold?: number,
  ): void {
    const { window, meter, used, max, startsAt, resetsAt } = state;
    const from = startsAt === null ? '' : Date.parse(startsAt);
    const name = `${kind}\n${key}\n${fieldOf({ window, meter })}\n${from}\n${threshold ?? ''}`;
    const mark = textHash(name);
    if (!this.#made.add(mark)) return;
    this.report({
      ...{ kind, id: crossingId(name), resource, rule: rule.id, ...whose, window, meter },
      ...(threshold !== undefined && { threshold }),
      ...{ used, max: max!, startsAt, resetsAt, mark },
    });
  }

  /** The list of a resource's rules is the same object while its rules are. */
  #watchedAmong(rules: readonly Rule[]): Watched {
    let watched = this.#watched.get(rules);
    if (watched === undefined) this.#watched.set(rules, (watched = watchedAmong(rules)));
    return watched;
  }
}

interface Counted extends Pick<Crossing, 'resource' | 'subject' | 'hashed'> {
  readonly rule: Rule;
  readonly key: string;
}

function countedBy(rule: Rule, subject: Subject): Pick<Crossing, 'subject'> {
  return { subject: countedSubject(rule, subject) };
}

function watchedAmong(rules: readonly Rule[]): Watched {
  const watched = rules.flatMap((rule) => {
    const limits = rule.limits.filter((limit): limit is WatchedLimit => limit.thresholds !== undefined);
    return limits.length === 0 ? [] : ([[rule.id, { rule, limits }]] as const);
  });
  return watched.length === 0 ? null : new Map(watched);
}

function isSame({ window, meter = UNITS_METER }: Limit, state: SeenLimit): boolean {
  if (meter !== state.meter) return false;
  return window === state.window || fieldOf({ window }) === fieldOf({ window: state.window });
}
