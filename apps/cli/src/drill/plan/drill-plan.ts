import {
  type Amounts,
  type LimitState,
  MAX_METERS,
  type Rule,
  type Subject,
  UNITS_METER,
} from '@sundial/contract';
import { CliError } from '../../terminal/cli-error.js';

/** What an operator asks for. */
export interface DrillAsk {
  readonly resource: string;
  /** Attributes with a given value; every other one gets values that no program uses. */
  readonly subject: Subject;
  /** Calls while a fault lasts, at least. */
  readonly calls: number;
  /** The resource that must stay untouched; undefined: chosen. */
  readonly other: string | undefined;
}

/** What the rules make of it. */
export interface DrillPlan extends Omit<DrillAsk, 'other'> {
  /** Attributes of the rules that get a value of their own in each call, so that no counter of a real subject is touched. */
  readonly ownAttributes: readonly string[];
  /** One unit of every meter that a rule of the resource counts, `units` left out. */
  readonly amounts: Amounts;
  /** Rules whose counters are compared: those that count by an own attribute, or all where none does. */
  readonly comparedRules: ReadonlySet<string>;
  readonly rules: readonly Rule[];
  readonly other: string;
  /** Attributes that a check of the other resource needs. */
  readonly otherAttributes: readonly string[];
}

/** A resource that no rule names: a check of it is answered at once, and counts nothing. */
const NO_RULES = 'sundial-drill-other';
/** Names in one sentence. */
const MAX_NAMED = 10;

/** @throws CliError where a drill of the resource would show nothing, with what to change. */
export function planOf(rules: readonly Rule[], { resource, subject, calls, other }: DrillAsk): DrillPlan {
  const counting = rules.filter((rule) => rule.mode !== 'off');
  const own = counting.filter((rule) => rule.resource === resource);
  if (own.length === 0) throw noRules(rules, resource);
  const refusing = own.find(({ mode, degrade }) => mode === 'enforce' && degrade === 'deny');
  if (refusing) throw refusesOnPurpose(refusing);
  if (other === resource) throw new CliError(`--other must name another resource than "${resource}".`);
  const ownAttributes = attributesOf(own).filter((name) => subject[name] === undefined);
  const compared = own.filter(({ per }) => per.some((name) => ownAttributes.includes(name)));
  const untouched = other ?? counting.find((rule) => rule.resource !== resource)?.resource ?? NO_RULES;
  return {
    resource,
    subject,
    calls,
    ownAttributes,
    amounts: amountsOf(own),
    comparedRules: new Set((compared.length > 0 ? compared : own).map(({ id }) => id)),
    rules: own,
    other: untouched,
    otherAttributes: attributesOf(counting.filter((rule) => rule.resource === untouched)),
  };
}

/**
 * Limits that are too small for a drill, as sentences; `limits` is what a subject of the drill has left. Under `degrade: local` each
 * node may allow its share of that.
 */
export function tooSmall(
  plan: DrillPlan,
  limits: readonly LimitState[],
  nodes: number,
  calls: number,
): string[] {
  return limits.flatMap((limit) => {
    const { rule: id, max, remaining, window, meter, mode } = limit;
    const rule = plan.rules.find((each) => each.id === id);
    if (!rule || mode !== 'enforce' || max === null || remaining === null || window === 'concurrent')
      return [];
    if (meter !== UNITS_METER && plan.amounts[meter] === undefined) return [];
    const isOwn = rule.per.some((name) => plan.ownAttributes.includes(name));
    const needed = isOwn ? 1 : calls;
    const share = rule.degrade === 'local' ? Math.floor(remaining / nodes) : remaining;
    if (share >= needed) return [];
    const shared =
      rule.degrade === 'local' && nodes > 1 ? `, and each of ${nodes} nodes a share of that` : '';
    return [
      `Rule ${id} has ${remaining} ${meter} left in its window ${shown(window)}${shared}; a drill takes up to ${needed} and gives them back.`,
    ];
  });
}

function attributesOf(rules: readonly Rule[]): string[] {
  return [...new Set(rules.flatMap(({ per }) => per))];
}

function amountsOf(rules: readonly Rule[]): Amounts {
  const meters = rules.flatMap(({ limits }) => limits.map(({ meter = UNITS_METER }) => meter));
  const others = [...new Set(meters)].filter((meter) => meter !== UNITS_METER).slice(0, MAX_METERS);
  return Object.fromEntries(others.map((meter) => [meter, 1]));
}

function shown(window: LimitState['window']): string {
  return typeof window === 'string' ? window : JSON.stringify(window);
}

function noRules(rules: readonly Rule[], resource: string): CliError {
  if (rules.some((rule) => rule.resource === resource)) {
    return new CliError(`Every rule of "${resource}" is off: nothing is counted that a drill could compare.`);
  }
  const known = [...new Set(rules.map((rule) => rule.resource))];
  const some = known.slice(0, MAX_NAMED).join(', ') + (known.length > MAX_NAMED ? ', …' : '');
  return new CliError(
    known.length === 0
      ? `There are no rules at all, so none names the resource "${resource}".`
      : `No rule names the resource "${resource}". There are rules of: ${some}.`,
  );
}

function refusesOnPurpose({ id, resource }: Rule): CliError {
  return new CliError(
    `Rule ${id} has degrade: deny, so while the store is away every call of ${resource} is refused on purpose. ` +
      'A drill shows that the business goes on: drill another resource, or give the rule degrade local or allow.',
  );
}
