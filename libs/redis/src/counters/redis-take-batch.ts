import {
  amountOf,
  areAmountsEqual,
  type LimitSet,
  type LimitCount,
  MARGIN_MS,
  type Operation,
  REMEMBER_MS,
  takesNothing,
  type TakeRequest,
  type TakeResult,
} from '@sundial/engine/ports';
import type { OperationPlace } from './operation-place.js';
import type { ScriptCall } from '../connection/redis-script.js';

/** Every script's first argument and first reply: nodes of different versions recognise each other. */
export const FORMAT = '2';

/** A check as `take.lua` takes it, and where its operation is remembered. */
export interface BatchItem {
  readonly request: TakeRequest;
  readonly place: OperationPlace;
  /** Store clock: when it may start at the latest. */
  readonly startBy: number;
}

/** Writes many checks into one call of `take.lua`; what neighbours have in common, and limit sets, are sent once. */
export function encodeTakes(items: readonly BatchItem[], offsetMs: number): ScriptCall {
  const keys: string[] = [];
  const args = ['', '', ''];
  const limitSets = new LimitSetList();
  let groups = '';
  let [first, checks] = [items[0]!, 0];
  for (const item of items) {
    const { request, place } = item;
    const { operation, counters } = request;
    keys.push(place.bucket);
    for (const { key } of counters) keys.push(key);
    args.push(identityOf(place, operation));
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
export function decodeTakes<Item extends BatchItem>(
  items: readonly Item[],
  reply: unknown,
): { readonly now: number; readonly taken: readonly Taken<Item>[] } {
  const words = String(reply).split(' ');
  if (words[0] !== FORMAT) throw new TypeError(`take.lua answered ${JSON.stringify(reply)}`);
  const now = Number(words[1]);
  let at = 2;
  const taken: Taken<Item>[] = [];
  for (const item of items) {
    const outcome = words[at++] as Exclude<TakeResult['outcome'], 'full'>;
    if (outcome !== 'taken' && outcome !== 'refused' && outcome !== 'replayed') {
      taken.push({ item, result: { outcome } });
      continue;
    }
    const counts: LimitCount[] = [];
    for (const counter of item.request.counters)
      for (const limit of counter.limits) {
        const windowIndex = words[at++] === '0' ? 'current' : 'next';
        counts.push({ counter, limit, windowIndex, used: Number(words[at++]) });
      }
    const result: TakeResult =
      outcome === 'replayed'
        ? { outcome, counts, counted: { at: Number(words[at++]), until: now + Number(words[at++]) } }
        : { outcome, counts };
    taken.push({ item, result });
  }
  return { now, taken };
}

interface Taken<Item> {
  readonly item: Item;
  readonly result: TakeResult;
}

/**
 * The identity of this attempt of an operation within its bucket. Most attempts are the only one, and have the
 * operation's id.
 */
export function identityOf({ last }: OperationPlace, { id, content, attempt }: Operation): string {
  return `;${last} ${content} ${attempt === id ? ONLY_ATTEMPT : attempt}`;
}

const ONLY_ATTEMPT = '.';

/** Whether two checks differ in their identities and keys only. */
function isAlike(one: BatchItem, other: BatchItem): boolean {
  if (one === other) return true;
  if (Math.floor(one.startBy) !== Math.floor(other.startBy)) return false;
  const [{ amount, amounts, counters }, asked] = [one.request, other.request];
  if (amount !== asked.amount || counters.length !== asked.counters.length) return false;
  if (!areAmountsEqual(amounts, asked.amounts)) return false;
  return counters.every(({ limits }, index) => limits === asked.counters[index]?.limits);
}

function groupOf({ request, startBy }: BatchItem, checks: number, limitSets: LimitSetList): string {
  let group = `${checks} ${Math.floor(startBy)} ${encodeAmounts(request)}`;
  for (const { limits } of request.counters) group += ` ${limitSets.positionOf(limits)}`;
  return group;
}

/**
 * What each limit takes (`lua/shared/group-amounts.lua`): one number where all take the same, as nearly always. Where all
 * take 0 of an operation that takes something, a list says so: it is counted, and not only a look.
 */
export function encodeAmounts(request: Pick<TakeRequest, 'counters' | 'amount' | 'amounts'>): string {
  const { amount, amounts, counters } = request;
  let first: number | undefined;
  let isUniform = true;
  for (const { limits } of counters)
    for (const limit of limits) {
      const takes = amountOf(limit, amount, amounts);
      first ??= takes;
      isUniform &&= takes === first;
    }
  if (isUniform && (first! > 0 || takesNothing(request))) return `${first}`;
  let list = '';
  for (const { limits } of counters)
    for (const limit of limits) list += `${amountOf(limit, amount, amounts)},`;
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
      .map(({ field, max, enforced, bounds }) => {
        const instants = bounds.map((bound) => bound.toString(36)).join(' ');
        return `${field} ${max} ${enforced ? 1 : 0} ${instants}`;
      })
      .join(',');
    encodedLimitSets.set(limits, text);
  }
  return text;
}

const encodedLimitSets = new WeakMap<LimitSet, string>();
