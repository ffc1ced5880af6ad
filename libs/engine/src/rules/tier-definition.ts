import {
  ATTRIBUTE_PATTERN,
  type InputError,
  type Limit,
  MAX_LIMITS_A_RULE,
  MAX_TIERS_A_RULE,
  NAME_PATTERN,
} from '@sundial/contract';
import { errorsIn } from './definition-errors.js';
import { Judged, messageFor, Optional, Units } from './field-decorators.js';
import { limitName } from './limit-name.js';
import { meterMessage } from './meter-message.js';
import { isPlainObject, show } from './plain-json.js';
import { windowErrors, windowMessage } from './window-definition.js';

/** A rule's `tiers`. */
class TiersDefinition {
  @Judged(byMessage)
  by!: string;

  @Judged(tiersByNameMessage)
  max!: Record<string, TierLimitDefinition[]>;
}

/** The `max` that a tier has of one limit of its rule. */
class TierLimitDefinition {
  @Judged(windowMessage)
  window!: Limit['window'];

  @Optional()
  @Judged(meterMessage)
  meter?: string;

  @Units()
  max!: number | null;
}

/** Of a rule's `tiers`; its parts are checked one by one. */
export function tiersMessage(value: unknown): string | undefined {
  if (isPlainObject(value)) return undefined;
  const example = '{ "by": "plan", "max": { "vip": [{ "window": "day", "max": 100 }] } }';
  return messageFor(`must be an object such as ${example}`, value);
}

/** What is wrong inside a rule's `tiers`, beside its `per` and its limits, of which anything may be wrong. */
export function tierErrors(
  tiers: unknown,
  { per, limits }: { readonly per: unknown; readonly limits: readonly unknown[] },
): readonly InputError[] {
  if (!isPlainObject(tiers)) return [];
  const errors = [...errorsIn(TiersDefinition, tiers, 'tiers', 'tiers')];
  const { by, max } = tiers;
  if (Array.isArray(per) && typeof by === 'string' && per.includes(by)) {
    const message = `names ${show(by)}, which the rule counts per: each tier would have a counter of its own, and a change of tier begin at 0`;
    errors.push({ path: 'tiers.by', message });
  }
  if (!isPlainObject(max)) return errors;
  const named = new Set(limits.map(limitName));
  for (const [tier, its] of Object.entries(max).slice(0, MAX_TIERS_A_RULE))
    if (NAME_PATTERN.test(tier)) errors.push(...errorsOf(its, `tiers.max.${tier}`, named));
  return errors;
}

function errorsOf(tier: unknown, at: string, named: ReadonlySet<string | undefined>): readonly InputError[] {
  if (!Array.isArray(tier) || tier.length < 1 || tier.length > MAX_LIMITS_A_RULE) {
    const requirement = `must be a list of 1 to ${MAX_LIMITS_A_RULE} limits such as [{ "window": "day", "max": 100 }]`;
    return [{ path: at, message: messageFor(requirement, tier) }];
  }
  const names = tier.map(limitName);
  return tier.flatMap((limit: unknown, index) => {
    const path = `${at}.${index}`;
    const wrong = errorsIn(TierLimitDefinition, limit, path, 'a limit of a tier');
    const window = isPlainObject(limit) ? limit['window'] : undefined;
    wrong.push(...windowErrors(window, `${path}.window`));
    const name = names[index];
    if (name === undefined || wrong.length > 0) return wrong;
    if (!named.has(name)) return [{ path, message: `names no limit of the rule: none is of ${name}` }];
    if (names.indexOf(name) === index) return [];
    return [{ path, message: `must be the only one of the tier of ${name}` }];
  });
}

function byMessage(value: unknown): string | undefined {
  if (typeof value === 'string' && ATTRIBUTE_PATTERN.test(value)) return undefined;
  const requirement =
    'must be an attribute like "plan": 1 to 32 letters, digits, "_" or "-", of which the first is a small letter, and not "resource"';
  return messageFor(requirement, value);
}

function tiersByNameMessage(value: unknown): string | undefined {
  if (!isPlainObject(value))
    return messageFor('must be an object such as { "vip": [{ "window": "day", "max": 100 }] }', value);
  const tiers = Object.keys(value);
  if (tiers.length < 1 || tiers.length > MAX_TIERS_A_RULE)
    return `must hold 1 to ${MAX_TIERS_A_RULE} tiers, not ${tiers.length}`;
  const odd = tiers.find((tier) => !NAME_PATTERN.test(tier));
  if (odd === undefined) return undefined;
  return `must hold tiers by values of 1 to 128 letters, digits, ".", "_", ":" or "-", of which the first is a letter or a digit; ${show(odd)} is none`;
}
