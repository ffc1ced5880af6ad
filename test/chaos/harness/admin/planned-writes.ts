import type { OverriddenLimit, PackInput, Rule, Subject } from '@sundial/contract';
import type { Random } from '../random.js';
import type { Call } from '../workload.js';
import type { PlannedWrite } from './admin-write.js';

const MAX_UNITS = 5;
const TOKENS: readonly [least: number, most: number] = [100, 600];
const TOKEN_PACKS = 0.3;
/** Of packs and of overrides, those that end while the load goes on, and when. */
const ENDING = 0.2;
const ENDS_IN_MS: readonly [least: number, most: number] = [200, 1_500];
const MAX_SET = 6;
const MAX_ADDED = 3;
const PRIORITIES = [50, 100] as const;
const VERBS = [
  ...Array<'add-pack'>(5).fill('add-pack'),
  'cancel-pack',
  ...Array<'set-override'>(3).fill('set-override'),
  'remove-override',
] as const;

/** Whom an operator gives something, and under which id. */
export interface WritePlace {
  readonly rule: Rule;
  readonly subject: Subject;
  readonly operationId: string;
  /** A pack that an earlier write adds. */
  readonly earlier: () => PackInput | undefined;
}

/** The pack that an operator adds beside a call, where that is for the user and of the resource. */
export function packAddedBeside(
  { operation, write }: Call,
  { resource, user }: { readonly resource: string; readonly user: string },
): PackInput | undefined {
  const isTheirs = operation.resource === resource && operation.subject['user'] === user;
  return write?.verb === 'add-pack' && isTheirs ? write.body : undefined;
}

/** What an operator does there, as the seed says. */
export function plannedWrite(random: Random, place: WritePlace): PlannedWrite {
  const { rule, subject } = place;
  switch (random.pick(VERBS)) {
    case 'add-pack':
      return addedPack(random, place);
    case 'cancel-pack': {
      const added = place.earlier();
      return added ? { verb: 'cancel-pack', added } : addedPack(random, place);
    }
    case 'set-override': {
      const limits = random
        .shuffled(rule.limits)
        .slice(0, random.integer(1, 2))
        .map((limit) => overriddenLimit(random, limit));
      const body = { rule: rule.id, subject, limits };
      return { verb: 'set-override', resource: rule.resource, body, ...endOf(random, 'validForMs') };
    }
    case 'remove-override':
      return { verb: 'remove-override', resource: rule.resource, rule: rule.id, subject };
  }
}

function addedPack(random: Random, { rule, subject, operationId }: WritePlace): PlannedWrite {
  const isOfTokens = rule.limits.some(({ meter }) => meter === 'tokens') && random.next() < TOKEN_PACKS;
  const body: PackInput = {
    resource: rule.resource,
    subject,
    ...(isOfTokens && { meter: 'tokens' }),
    amount: isOfTokens ? random.integer(...TOKENS) : random.integer(1, MAX_UNITS),
    priority: random.pick(PRIORITIES),
    operationId,
  };
  return { verb: 'add-pack', body, ...endOf(random, 'expiresInMs') };
}

function overriddenLimit(random: Random, { window, meter }: Rule['limits'][number]): OverriddenLimit {
  const limit = { window, ...(meter !== undefined && { meter }) };
  // Of tokens as much more as of units.
  const scale = meter === 'tokens' ? TOKENS[0] : 1;
  if (random.next() < 0.5) return { ...limit, add: scale * random.integer(1, MAX_ADDED) };
  return { ...limit, set: random.next() < 0.1 ? null : scale * random.integer(0, MAX_SET) };
}

function endOf<K extends string>(random: Random, name: K): { readonly [key in K]?: number } {
  const ms = random.integer(...ENDS_IN_MS);
  return (random.next() < ENDING ? { [name]: ms } : {}) as { readonly [key in K]?: number };
}
