import {
  MARGIN_MS,
  REMEMBER_MS,
  type Counts,
  type ForcedLimit,
  type Ladder,
  type LimitCount,
  type SettleResult,
  type WindowPick,
  type TakeRequest,
} from './store.js';
import type { TakeResult } from './store.js';

/** Every script's first argument and first reply: nodes of different versions can tell each other apart. */
const FORMAT = '1';

/** A check as `take.lua` wants it. Amount 0 looks, and then `operationKey` is any key of the same shard. */
export interface BatchItem {
  readonly request: TakeRequest;
  readonly operationKey: string;
}

/** Writes many checks into one call of `take.lua`; the ladders that they share are sent once. */
export function encodeTakes(
  items: readonly BatchItem[],
  offsetMs: number,
): { keys: string[]; argument: string } {
  const keys: string[] = [];
  const checks: (string | number)[][] = [];
  const ladders = new Map<Ladder, number>();
  for (const { request, operationKey } of items) {
    keys.push(operationKey);
    const { operation, counters, amount, deadlineAt } = request;
    const check = [Math.floor(deadlineAt), amount, `${operation.fingerprint} ${operation.attempt}`];
    for (const { key, ladder } of counters) {
      keys.push(key);
      let position = ladders.get(ladder);
      if (position === undefined) ladders.set(ladder, (position = ladders.size + 1));
      check.push(position);
    }
    checks.push(check);
  }
  return {
    keys,
    argument: encodeArgument(offsetMs, { ladders: [...ladders.keys()].map(encodeLadder), checks }),
  };
}

/** Reads the reply of `take.lua`: the store's clock, and the result of each check. */
export function decodeTakes(
  items: readonly BatchItem[],
  reply: unknown,
): { now: number; results: TakeResult[] } {
  const words = reply as (string | number)[];
  if (!Array.isArray(words) || words[0] !== FORMAT)
    throw new TypeError(`take.lua answered ${JSON.stringify(reply)}`);
  let at = 2;
  const results = items.map(({ request }): TakeResult => {
    const outcome = words[at++] as TakeResult['outcome'];
    if (outcome !== 'taken' && outcome !== 'refused' && outcome !== 'replayed') return { outcome };
    const counts: LimitCount[] = [];
    for (const { ladder } of request.counters) {
      for (let limit = 0; limit < ladder.length; limit++) {
        counts.push({ pick: words[at++] as WindowPick, used: Number(words[at++]) });
      }
    }
    return { outcome, counts: counts satisfies Counts };
  });
  return { now: words[1] as number, results };
}

/** Reads the reply of `settle.lua`. */
export function decodeSettled(reply: unknown): SettleResult {
  const [format, outcome, ...words] = reply as [string, SettleResult['outcome'], ...(string | number)[]];
  if (format !== FORMAT) throw new TypeError(`settle.lua answered ${JSON.stringify(reply)}`);
  const forced: ForcedLimit[] = [];
  for (let at = 0; at < words.length; at += 2) {
    forced.push({ limit: Number(words[at]), used: Number(words[at + 1]) });
  }
  return forced.length > 0 ? { outcome, forced } : { outcome };
}

/** The one argument of a script that counts: what all of them need, and its own. */
export function encodeArgument(offsetMs: number, own: object): string {
  return JSON.stringify({
    format: FORMAT,
    offset: offsetMs,
    remember: REMEMBER_MS,
    margin: MARGIN_MS,
    ...own,
  });
}

export function encodeLadder(ladder: Ladder): readonly EncodedLimit[] {
  return ladder.map(({ field, max, enforced, bounds }) => [field, max, enforced ? 1 : 0, ...bounds]);
}

type EncodedLimit = readonly [
  field: string,
  max: number,
  enforced: 0 | 1,
  starts: number,
  next: number,
  after: number,
];
