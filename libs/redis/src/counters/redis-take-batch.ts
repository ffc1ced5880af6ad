import { scripts } from '@sundial/lua';
import {
  amountOf,
  areAmountsEqual,
  heldAmountOf,
  type LimitSet,
  type LimitSpec,
  MARGIN_MS,
  type Operation,
  REMEMBER_MS,
  takesNothing,
  type TakeRequest,
  type TakeResult,
} from '@sundial/engine/ports';
import type { OperationPlace } from './operation-place.js';
import type { CallCodec, CallItem } from './redis-call-queue.js';
import { FORMAT, ReplyWords } from './reply-words.js';
import type { ScriptCall } from '../connection/redis-script.js';

/** A check as `take.lua` takes it. */
export type TakeItem = CallItem<TakeRequest>;

export const TAKES: CallCodec<TakeRequest, TakeResult> = {
  lua: scripts.take,
  encode: (items, offsetMs) =>
    encodeTakes(items, offsetMs, ({ place, request }) => identityOf(place, request.operation)),
  decode: decodeTakes,
};

/**
 * Writes many checks into one call of `take.lua`, or of a script that reads the same groups; what neighbours have in common,
 * and limit sets, are sent once.
 */
export function encodeTakes(
  items: readonly TakeItem[],
  offsetMs: number,
  identity: (item: TakeItem) => string,
): ScriptCall {
  const keys: string[] = [];
  const args = ['', '', ''];
  const limitSets = new LimitSetList();
  let groups = '';
  let [first, checks] = [items[0]!, 0];
  for (const item of items) {
    keys.push(item.place.bucket);
    for (const { key } of item.request.counters) keys.push(key);
    args.push(identity(item));
    if (!isAlike(first, item)) {
      groups += `${groupOf(first, checks, limitSets)};`;
      [first, checks] = [item, 0];
    }
    checks++;
  }
  groups += groupOf(first, checks, limitSets);
  args[0] = common(offsetMs);
  args[1] = limitSets.text;
  args[2] = groups;
  return { keys, args };
}

/** Reads the reply of `take.lua`: the store's clock, and each check with its result. */
function decodeTakes(
  items: readonly TakeItem[],
  reply: unknown,
): { readonly now: number; readonly results: readonly TakeResult[] } {
  const words = new ReplyWords('take.lua', reply);
  const { now } = words;
  const results: TakeResult[] = [];
  for (const { request } of items) {
    const { outcome: said, adds } = words.outcome();
    const outcome = said as SaidOutcome;
    if (outcome === 'packed') {
      const counts = words.counts(request.counters, adds);
      results.push({ outcome: 'taken', counts, packs: words.packs() });
      continue;
    }
    if (outcome !== 'taken' && outcome !== 'refused' && outcome !== 'replayed') {
      results.push(words.withoutCounts<'conflict' | 'wrong-type'>(said, request.counters));
      continue;
    }
    const counts = words.counts(request.counters, adds);
    if (outcome !== 'replayed') results.push({ outcome, counts });
    else results.push({ outcome, counts, ...words.countedBefore() });
  }
  return { now, results };
}

/** `packed`: taken, in part from packs. */
type SaidOutcome = Exclude<TakeResult['outcome'], 'full' | 'too-many-holds'> | 'packed';

/**
 * The identity of this attempt of an operation within its bucket. Most attempts are the only one, and have the
 * operation's id.
 */
export function identityOf({ last }: OperationPlace, { id, content, attempt }: Operation): string {
  return `;${last} ${content} ${attempt === id ? ONLY_ATTEMPT : attempt}`;
}

const ONLY_ATTEMPT = '.';

/** Whether two checks differ in their identities and keys only. */
function isAlike(one: TakeItem, other: TakeItem): boolean {
  if (one === other) return true;
  if (Math.floor(one.startBy) !== Math.floor(other.startBy)) return false;
  const [{ amount, amounts, counters }, asked] = [one.request, other.request];
  if (amount !== asked.amount || counters.length !== asked.counters.length) return false;
  if (!areAmountsEqual(amounts, asked.amounts)) return false;
  return counters.every(({ limits }, index) => limits === asked.counters[index]?.limits);
}

function groupOf({ request, startBy }: TakeItem, checks: number, limitSets: LimitSetList): string {
  let group = `${checks} ${Math.floor(startBy)} ${encodeAmounts(request)}`;
  for (const { limits } of request.counters) group += ` ${limitSets.positionOf(limits)}`;
  return group;
}

/**
 * What each limit takes (`lua/shared/group-amounts.lua`): one number where all take the same, as nearly always. Where all
 * take 0 of an operation that takes something, a list says so: it is counted, and not only a look.
 */
export function encodeAmounts(
  request: Pick<TakeRequest, 'counters' | 'amount' | 'amounts'> & { readonly hold?: object | undefined },
): string {
  const { amount, amounts, counters } = request;
  const takesOf = request.hold === undefined ? amountOf : heldAmountOf;
  let first: number | undefined;
  let isUniform = true;
  for (const { limits } of counters)
    for (const limit of limits) {
      const takes = takesOf(limit, amount, amounts);
      first ??= takes;
      isUniform &&= takes === first;
    }
  // No rule has its counters any more.
  if (first === undefined) return `${amount}`;
  if (isUniform && (first > 0 || takesNothing(request))) return `${first}`;
  let list = '';
  for (const { limits } of counters)
    for (const limit of limits) list += `${takesOf(limit, amount, amounts)},`;
  return list;
}

/** The limit sets of a call, each once. */
export class LimitSetList {
  readonly #positions = new Map<LimitSet, number>();
  text = '';

  /** From 1, as scripts count. */
  positionOf(limits: LimitSet): number {
    const known = this.#positions.get(limits);
    if (known !== undefined) return known;
    this.text += `${this.text && ';'}${encodeLimitSet(limits)}`;
    this.#positions.set(limits, this.#positions.size + 1);
    return this.#positions.size;
  }
}

/** The header of every call of a script that counts. */
export function common(offsetMs: number): string {
  return `${FORMAT} ${offsetMs} ${REMEMBER_MS} ${MARGIN_MS}`;
}

/** A limit set is the same object while its windows last: it is written once. */
function encodeLimitSet(limits: LimitSet): string {
  let text = encodedLimitSets.get(limits);
  if (text === undefined) {
    text = limits
      .map((limit) => {
        const { field, bounds, own, lowered } = limit;
        const instants = bounds.map((bound) => bound.toString(36)).join(' ');
        const text = `${field} ${maxAndFlag(limit)} ${instants}`;
        return `${text}${own ? ` ${own.zone}` : ''}${lowered ? ` -${lowered.by}` : ''}`;
      })
      .join(',');
    encodedLimitSets.set(limits, text);
  }
  return text;
}

/** A settlement enforces nothing: its max is only what the script reports a limit above. */
function maxAndFlag({ max, enforced, limitable, reportFrom, lowered, ...limit }: LimitSpec): string {
  if (reportFrom !== undefined && 'windowIndex' in limit)
    return `${Math.min(enforced ? max : Infinity, reportFrom - 1)} 1`;
  return `${lowered?.max ?? max} ${enforced ? 1 : limitable ? 2 : 0}`;
}

const encodedLimitSets = new WeakMap<LimitSet, string>();
