import {
  QuotaError,
  said,
  type HeldUnits,
  type NearSubjects,
  type ResetRule,
  type ResetSubject,
  type ResourceUsage,
  type Rule,
  type RuleEffect,
  type RuleOutlook,
  type RuleTrial,
  type RuleTried,
  type Subject,
  type SubjectReset,
  type SubjectState,
  type SubjectUsage,
} from '@sundial/contract';
import { limitNamedBy } from '../counters/limit-field.js';
import { CheckPlanner } from '../decisions/check-planner.js';
import { assertSubject, assertSubjectReset } from '../requests/parse-reservation.js';
import { ruleNotFound } from '../rules/rule-conflicts.js';
import type { LiveRules } from '../rules/live-rules.js';
import { shownEffects } from '../rules/rule-differences.js';
import type { PlannedSetting } from '../runners/reservation-runner.js';
import type { Runner } from '../runners/runner.js';
import type { LiveHold } from '../stores/counter-scan.js';
import { counterKeyOfShown } from './shown-subjects.js';
import { asked, SubjectLooks } from './subject-looks.js';
import { notTheAttributes } from '../requests/exact-subject.js';
import { missingAttributes } from '../requests/parse-request.js';
import { assertTrial, tried } from './tried-rule.js';

/** Subjects that one page looks at, about. */
const SUBJECTS_A_PAGE = 1_000;
const RULES_A_PAGE = 200;
/** Subjects that a preview looks at, and the pages it turns for them. */
const MAX_SAMPLED = 1_000;
const MAX_SAMPLED_PAGES = 5;
const MAX_EXAMPLES = 10;
/** From which part of a max on a subject is near a limit, unless a request says otherwise. */
export const DEFAULT_NEAR = 0.8;

export interface NearRequest {
  readonly rule: string;
  readonly near: number;
  readonly cursor?: string | undefined;
}

/** What a reset has done. */
export interface SubjectWasReset {
  readonly reset: ResetSubject;
  /** The rules that were reset, as they were just before. */
  readonly before: readonly RuleBefore[];
  /** The store did not answer for another rule: which may have been reset, and which were not. */
  readonly brokenOff?: QuotaError;
}

interface RuleBefore {
  readonly rule: string;
  readonly limits: SubjectState['limits'];
}

/** What operators ask and do about subjects. Work is bounded: what is more comes on another page. */
export class EngineSubjects {
  readonly #looks: SubjectLooks;
  readonly #planner = new CheckPlanner();

  constructor(private readonly options: { readonly runner: Runner; readonly rules: LiveRules }) {
    this.#looks = new SubjectLooks(options.runner);
  }

  /** @throws QuotaError `rule-not-found`, `invalid-request`, `store-unavailable` */
  async near({ rule: id, near, cursor }: NearRequest): Promise<NearSubjects> {
    const from = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();
    const page = await this.#looks.page(this.#counting(id), { cursor: from, wanted: SUBJECTS_A_PAGE });
    return {
      rule: id,
      near,
      subjects: page.subjects.filter(({ share }) => share >= near).sort(largestFirst),
      looked: page.subjects.length,
      ...(page.cursor !== undefined && {
        next: Buffer.from(page.cursor).toString('base64url'),
      }),
    };
  }

  /** `after`: the rule that the page before ended with. @throws QuotaError `store-unavailable` */
  async usage(subject: Subject, after = ''): Promise<SubjectUsage> {
    assertSubject(subject);
    const book = this.options.rules.current;
    const byResource = new Map<string, ResourceUsage>();
    let [looked, last] = [0, ''];
    for (const rule of book.after(after)) {
      if (!isAbout(rule, subject)) continue;
      if (looked === RULES_A_PAGE) return { ...pageOf(subject, byResource, book.version), next: last };
      const its = countedBy(rule, subject);
      const { limits } = await this.#looks.stateOf(rule, its, subject);
      const holds = await this.#holdsOf(rule, its, limits);
      byResource.set(rule.resource, joined(byResource.get(rule.resource), rule.resource, limits, holds));
      [looked, last] = [looked + 1, rule.id];
    }
    return pageOf(subject, byResource, book.version);
  }

  /**
   * What is used becomes 0, what is held stays: of each rule in one step, and of several one after the other, since no check waits for
   * all of them.
   * @throws QuotaError `rule-not-found`, `invalid-request`; `store-unavailable` where it is known of no rule that it was reset
   */
  async reset(request: SubjectReset): Promise<SubjectWasReset> {
    assertSubjectReset(request);
    const { rule: id, subject } = request;
    const all = this.#resetBy(id, subject);
    const rules: ResetRule[] = [];
    const before: RuleBefore[] = [];
    for (const rule of all) {
      try {
        const { limits } = await this.#looks.stateOf(rule, subject);
        rules.push(await this.#reset(rule, subject));
        before.push({ rule: rule.id, limits });
      } catch (cause) {
        if (rules.length === 0) throw cause;
        return { reset: { subject, rules }, before, brokenOff: brokenOff(all, rules.length, cause) };
      }
    }
    return { reset: { subject, rules }, before };
  }

  /** What a rule would do now, from what is counted under it. @throws QuotaError `store-unavailable` */
  async outlook(rule: Rule, effects: readonly RuleEffect[]): Promise<RuleOutlook> {
    const { version } = this.options.rules.current;
    const subjects: SubjectState[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_SAMPLED_PAGES && subjects.length < MAX_SAMPLED; page++) {
      const looked = await this.#looks.page(rule, { cursor, wanted: MAX_SAMPLED - subjects.length });
      subjects.push(...looked.subjects);
      cursor = looked.cursor;
      if (cursor === undefined) break;
    }
    const sampled = subjects.slice(0, MAX_SAMPLED);
    const over = sampled.filter(({ share }) => share >= 1);
    const near = sampled.filter(({ share }) => share >= DEFAULT_NEAR && share < 1);
    return {
      ...{ rule, version, ...shownEffects(effects) },
      sampled: sampled.length,
      isComplete: cursor === undefined && sampled.length === subjects.length,
      ...{ over: over.length, near: near.length },
      examples: [...over, ...near].sort(largestFirst).slice(0, MAX_EXAMPLES),
    };
  }

  /** How a check would be decided if the rule were in force. @throws QuotaError `invalid-request`, `store-unavailable` */
  async tried(rule: Rule, check: Omit<RuleTrial, 'rule'>): Promise<RuleTried> {
    assertTrial(check);
    const { subject, amount = 1, amounts } = check;
    const { current } = this.options.rules;
    const others = current.forResource(rule.resource).filter(({ id }) => id !== rule.id);
    const rules = [...others, rule].filter(({ mode }) => mode !== 'off');
    const errors = missingAttributes(rules, subject);
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    const counts = await Promise.all(
      rules.map((each) => this.#looks.countsOf(each, countedBy(each, subject), subject)),
    );
    const now = this.options.runner.now();
    return tried(counts.flat(), { amount, amounts }, { rulesVersion: current.version, now });
  }

  async #reset(rule: Rule, subject: Subject): Promise<ResetRule> {
    await this.#setToZero(rule, subject);
    const { limits } = await this.#looks.stateOf(rule, subject);
    const holds = await this.#liveHolds(rule, subject);
    return { rule: rule.id, resource: rule.resource, limits, holds };
  }

  #counting(id: string): Rule {
    const rule = this.options.rules.current.byId(id);
    if (rule === undefined) throw ruleNotFound(id);
    if (rule.mode !== 'off') return rule;
    throw QuotaError.invalid('invalid-request', [{ path: 'rule', ...said('rule-off') }]);
  }

  #resetBy(id: string | undefined, subject: Subject): readonly Rule[] {
    if (id !== undefined) {
      const rule = this.#counting(id);
      const errors = notTheAttributes(rule.per, subject);
      if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
      return [rule];
    }
    const attributes = Object.keys(subject).length;
    const rules: Rule[] = [];
    for (const rule of this.options.rules.current.after(''))
      if (rule.per.length === attributes && isAbout(rule, subject)) rules.push(rule);
    if (rules.length > 0 && rules.length <= RULES_A_PAGE) return rules;
    const fault =
      rules.length === 0
        ? said('subject-of-no-rule')
        : said('subject-of-many-rules', { count: rules.length, to: RULES_A_PAGE });
    throw QuotaError.invalid('invalid-request', [{ path: 'subject', ...fault }]);
  }

  /** Undefined where nothing is held: then no store is asked. */
  async #holdsOf(rule: Rule, subject: Subject, limits: SubjectState['limits']) {
    if (limits.every(({ reserved }) => reserved === 0)) return undefined;
    const holds = await this.#liveHolds(rule, subject);
    return holds.map((hold) => ({ rule: rule.id, ...hold }));
  }

  async #liveHolds(rule: Rule, subject: Subject): Promise<readonly HeldUnits[]> {
    const holds = await asked(this.options.runner.looks.liveHolds(counterKeyOfShown(rule, subject).key));
    return holds.map(shownHold);
  }

  async #setToZero(rule: Rule, subject: Subject): Promise<void> {
    const { runner } = this.options;
    const settingsOf: PlannedSetting['settingsOf'] = (counters) =>
      counters.map(({ limits }) => ({
        ...counterKeyOfShown(rule, subject),
        limits: limits
          .filter(({ definition }) => definition.window !== 'concurrent')
          .map((limit) => ({ ...limit, setTo: 0 })),
      }));
    const [planner, rules] = [this.#planner, [rule]];
    const planned = { planner, rules, subject, plan: planner.at(rules, subject, runner.now()) };
    if (settingsOf(planned.plan.counters).every(({ limits }) => limits.length === 0)) return;
    const { outcome } = await runner.reservations.setUsage({ ...planned, settingsOf });
    if (outcome === 'set') return;
    throw new QuotaError('store-unavailable', `The store did not reset ${rule.id}: ${outcome}. Try again.`);
  }
}

function brokenOff(all: readonly Rule[], reset: number, cause: unknown): QuotaError {
  const named = (rules: readonly Rule[]) => rules.map(({ id }) => id).join(', ');
  const untouched = all.slice(reset + 1);
  const detail = [
    `The store broke the reset off: ${(cause as Error).message}`,
    `Reset: ${named(all.slice(0, reset))}.`,
    `Perhaps reset: ${named(all.slice(reset, reset + 1))}.`,
    ...(untouched.length > 0 ? [`Not reset: ${named(untouched)}.`] : []),
    'Reset the others by naming each as `rule`; the same call again resets all of them.',
  ];
  return new QuotaError('store-unavailable', detail.join(' '), [], { cause });
}

/** Whether its counters are of this subject, whatever else that is. */
function isAbout({ per, mode }: Rule, subject: Subject): boolean {
  return mode !== 'off' && per.length > 0 && per.every((name) => Object.hasOwn(subject, name));
}

function countedBy({ per }: Rule, subject: Subject): Subject {
  return Object.fromEntries(per.map((name) => [name, subject[name]!]));
}

function joined(
  before: ResourceUsage | undefined,
  resource: string,
  limits: SubjectState['limits'],
  held: ResourceUsage['holds'],
): ResourceUsage {
  const holds = [...(before?.holds ?? []), ...(held ?? [])];
  const all = [...(before?.limits ?? []), ...limits];
  return { resource, limits: all, ...(holds.length > 0 && { holds }) };
}

function pageOf(
  subject: Subject,
  byResource: ReadonlyMap<string, ResourceUsage>,
  rulesVersion: number,
): SubjectUsage {
  return { subject, resources: [...byResource.values()], rulesVersion };
}

/** The limits of one meter hold the same units. */
function shownHold({ expiresAt, onExpiry, units }: LiveHold): HeldUnits {
  const amounts: Record<string, number> = {};
  for (const [field, held] of Object.entries(units)) {
    const { meter } = limitNamedBy(field);
    amounts[meter] = Math.max(amounts[meter] ?? 0, held);
  }
  return { expiresAt: new Date(expiresAt).toISOString(), onExpiry, amounts };
}

function largestFirst(one: SubjectState, other: SubjectState): number {
  return other.share - one.share;
}
