import {
  ATTRIBUTE_PATTERN,
  type InputError,
  type InputFault,
  type Limit,
  MAX_LIMITS_A_RULE,
  MAX_TIERS_A_RULE,
  NAME_PATTERN,
  said,
} from '@sundial/contract';
import { errorsIn } from './definition-errors.js';
import { faultOf, Judged, Optional, Units } from './field-decorators.js';
import { limitName } from './limit-name.js';
import { meterFault } from './meter-fault.js';
import { isPlainObject, show } from './plain-json.js';
import { windowErrors, windowFault } from './window-definition.js';

/** A rule's `tiers`. */
class TiersDefinition {
  @Judged(byFault)
  by!: string;

  @Judged(tiersByNameFault)
  max!: Record<string, TierLimitDefinition[]>;
}

/** The `max` that a tier has of one limit of its rule. */
class TierLimitDefinition {
  @Judged(windowFault)
  window!: Limit['window'];

  @Optional()
  @Judged(meterFault)
  meter?: string;

  @Units()
  max!: number | null;
}

/** Of a rule's `tiers`; its parts are checked one by one. */
export function tiersFault(value: unknown): InputFault | undefined {
  if (isPlainObject(value)) return undefined;
  const example = '{ "by": "plan", "max": { "vip": [{ "window": "day", "max": 100 }] } }';
  return faultOf(said('object-such-as', { example }), value);
}

/** What is wrong inside a rule's `tiers`, beside its `per` and its limits, of which anything may be wrong. */
export function tierErrors(
  tiers: unknown,
  { per, limits }: { readonly per: unknown; readonly limits: readonly unknown[] },
): readonly InputError[] {
  if (!isPlainObject(tiers)) return [];
  const errors = [...errorsIn(TiersDefinition, tiers, 'tiers', 'tiers')];
  const { by, max } = tiers;
  if (Array.isArray(per) && typeof by === 'string' && per.includes(by))
    errors.push({ path: 'tiers.by', ...said('tiers-counted', { by: show(by) }) });
  if (!isPlainObject(max)) return errors;
  const named = new Set(limits.map(limitName));
  for (const [tier, its] of Object.entries(max).slice(0, MAX_TIERS_A_RULE))
    if (NAME_PATTERN.test(tier)) errors.push(...errorsOf(its, `tiers.max.${tier}`, named));
  return errors;
}

function errorsOf(tier: unknown, at: string, named: ReadonlySet<string | undefined>): readonly InputError[] {
  if (!Array.isArray(tier) || tier.length < 1 || tier.length > MAX_LIMITS_A_RULE) {
    const requirement = said('list-length-such-as', {
      ...{ from: 1, to: MAX_LIMITS_A_RULE, what: 'limits' },
      example: '[{ "window": "day", "max": 100 }]',
    });
    return [{ path: at, ...faultOf(requirement, tier) }];
  }
  const names = tier.map(limitName);
  return tier.flatMap((limit: unknown, index) => {
    const path = `${at}.${index}`;
    const wrong = errorsIn(TierLimitDefinition, limit, path, 'a limit of a tier');
    const window = isPlainObject(limit) ? limit['window'] : undefined;
    wrong.push(...windowErrors(window, `${path}.window`));
    const name = names[index];
    if (name === undefined || wrong.length > 0) return wrong;
    if (!named.has(name)) return [{ path, ...said('tier-limit-unknown', { limit: name }) }];
    if (names.indexOf(name) === index) return [];
    return [{ path, ...said('tier-limit-twice', { limit: name }) }];
  });
}

function byFault(value: unknown): InputFault | undefined {
  if (typeof value === 'string' && ATTRIBUTE_PATTERN.test(value)) return undefined;
  return faultOf(said('attribute-name'), value);
}

function tiersByNameFault(value: unknown): InputFault | undefined {
  if (!isPlainObject(value))
    return faultOf(
      said('object-such-as', { example: '{ "vip": [{ "window": "day", "max": 100 }] }' }),
      value,
    );
  const tiers = Object.keys(value);
  if (tiers.length < 1 || tiers.length > MAX_TIERS_A_RULE)
    return said('list-length', { from: 1, to: MAX_TIERS_A_RULE, what: 'tiers', count: tiers.length });
  const odd = tiers.find((tier) => !NAME_PATTERN.test(tier));
  return odd === undefined ? undefined : said('tiers-names', { tier: show(odd) });
}
