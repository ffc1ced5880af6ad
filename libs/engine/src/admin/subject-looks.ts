import { QuotaError, said, type Rule, type Subject, type SubjectState } from '@sundial/contract';
import type { PlannedLimit } from '../counters/rule-windows.js';
import { allowanceOf } from '../decisions/allowance.js';
import { CheckPlanner } from '../decisions/check-planner.js';
import { currentStates } from '../decisions/decision.js';
import type { Runner } from '../runners/runner.js';
import type { Counts } from '../stores/counter-ref.js';
import { StoreError } from '../stores/store.js';
import { counterKeyOfShown, keysOfRule, subjectOfKey, type ShownSubject } from './shown-subjects.js';

/** Counters that are asked for at once: other callers' checks wait for no more. */
const READ_AT_ONCE = 100;
/** The store's clock may pass the end of a window between an offer and its answer. */
const MAX_OFFERS = 3;

export interface LookedSubjects {
  readonly subjects: readonly SubjectState[];
  /** Absent: all there are. */
  readonly cursor?: string;
}

/** Looks at the counters of rules as operators want them: of subjects that no request names, a bounded number at a time. */
export class SubjectLooks {
  /** Not that of checks: it would forget what that has kept. */
  readonly #planner = new CheckPlanner();

  constructor(private readonly runner: Pick<Runner, 'looks' | 'now'>) {}

  /** A page of the subjects of a rule. @throws QuotaError `store-unavailable`; `invalid-request` for a foreign cursor */
  async page(
    rule: Rule,
    { cursor, wanted }: { readonly cursor?: string | undefined; readonly wanted: number },
  ): Promise<LookedSubjects> {
    // There is one counter, whose key needs no search.
    if (rule.per.length === 0) return { subjects: [await this.stateOf(rule, {})] };
    const keys = await this.#keys(rule, cursor, wanted);
    const known = [...new Set(keys.keys)].flatMap((key) => subjectOfKey(rule, key) ?? []);
    const subjects: SubjectState[] = [];
    for (let from = 0; from < known.length; from += READ_AT_ONCE) {
      const chunk = known.slice(from, from + READ_AT_ONCE);
      const states = await Promise.all(
        chunk.map(async ({ subject, hashed }) => {
          const counts = await this.#counts(rule, subject);
          return counts && stateOf(subject, counts, hashed);
        }),
      );
      subjects.push(...states.filter((state) => state !== undefined));
    }
    return { subjects, ...(keys.cursor !== undefined && { cursor: keys.cursor }) };
  }

  /**
   * What a subject has used under a rule. `check` is the subject of a check, with attributes that the rule does not count by and
   * that say its tier, zone or billing day. @throws QuotaError `store-unavailable`
   */
  async stateOf(rule: Rule, subject: Subject, check: Subject = subject): Promise<SubjectState> {
    return stateOf(subject, await this.countsOf(rule, subject, check));
  }

  /** What a subject has used under a rule, as a decision takes it; like `stateOf`. @throws QuotaError `store-unavailable` */
  async countsOf(rule: Rule, subject: Subject, check: Subject = subject): Promise<Counts<PlannedLimit>> {
    const counts = await this.#counts(rule, subject, check);
    if (counts === undefined) throw unavailable('a key holds something that Sundial did not write');
    return counts;
  }

  async #keys(rule: Rule, cursor: string | undefined, wanted: number) {
    const page = await asked(this.runner.looks.scan({ ...keysOfRule(rule), cursor, wanted }));
    if (page !== undefined) return page;
    throw QuotaError.invalid('invalid-request', [{ path: 'cursor', ...said('cursor') }]);
  }

  /** Undefined where a wrong-type key lies in the counter's place. */
  async #counts(
    rule: Rule,
    subject: Subject,
    check: Subject = subject,
  ): Promise<Counts<PlannedLimit> | undefined> {
    const place = counterKeyOfShown(rule, subject);
    const planned = () => this.#planner.countersAt([rule], check, this.runner.now())[0]!;
    for (let left = MAX_OFFERS; left > 0; left--) {
      const { key, limits } = planned();
      const result = await asked(this.runner.looks.read({ counters: [{ ...place, limits }] }));
      if (result.outcome === 'wrong-type') return undefined;
      if (result.outcome === 'window-mismatch') {
        // The windows that the counter keeps are offered next; a value that is shown as its hash has another key in the plan.
        result.kept?.forEach((limit) => this.#planner.kept.note({ ...limit, key }));
        continue;
      }
      return result.counts;
    }
    throw unavailable('its clock is in other windows than this node expects');
  }
}

function stateOf(
  subject: Subject,
  counts: Counts<PlannedLimit>,
  hashed?: ShownSubject['hashed'],
): SubjectState {
  const share = Math.max(...counts.map(shareOf));
  return { subject, ...(hashed && { hashed }), share, limits: currentStates(counts) };
}

/** The part of a limit that is used or held; 1 where nothing is allowed. */
function shareOf(count: Counts<PlannedLimit>[number]): number {
  const { used, reserved } = count;
  const { max } = allowanceOf(count);
  if (max === null) return 0;
  return max === 0 ? 1 : Math.round((1_000 * (used + reserved)) / max) / 1_000;
}

/** @throws QuotaError `store-unavailable` */
export async function asked<T>(answer: T | Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof StoreError ? unavailable(error.message) : error;
  }
}

function unavailable(why: string): QuotaError {
  return new QuotaError(
    'store-unavailable',
    `The store did not answer: ${why}. Nothing was changed; try again.`,
  );
}
