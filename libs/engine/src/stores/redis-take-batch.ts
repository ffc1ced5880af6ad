import {
  MARGIN_MS,
  REMEMBER_MS,
  type Counts,
  type Ladder,
  type LimitCount,
  type Operation,
  type WindowPick,
  type TakeRequest,
} from './store.js';
import type { TakeResult } from './store.js';

/** Every script's first argument and first reply: nodes of different versions can tell each other apart. */
export const FORMAT = '1';

/** A check as `take.lua` wants it. Amount 0 looks, and then `operationKey` is any key of the same shard. */
export interface BatchItem {
  readonly request: TakeRequest;
  readonly operationKey: string;
}

/** Writes many checks into one call of `take.lua`; the ladders that they share are sent once. */
export function encodeTakes(
  items: readonly BatchItem[],
  offsetMs: number,
): { keys: string[]; args: string[] } {
  const keys: string[] = [];
  const checks: string[] = [];
  const ladders = new Map<Ladder, string>();
  for (const { request, operationKey } of items) {
    keys.push(operationKey);
    const { operation, counters, amount, deadlineAt } = request;
    const name = `${encodeFingerprint(operation)} ${operation.attempt}`;
    checks.push(String(Math.floor(deadlineAt)), String(amount), name, String(counters.length));
    for (const { key, ladder } of counters) {
      keys.push(key);
      let position = ladders.get(ladder);
      if (position === undefined) ladders.set(ladder, (position = String(ladders.size + 1)));
      checks.push(position);
    }
  }
  const args = [...commonArguments(offsetMs), String(ladders.size)];
  for (const ladder of ladders.keys()) args.push(...encodeLadder(ladder));
  args.push(String(items.length), ...checks);
  return { keys, args };
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

export function commonArguments(offsetMs: number): string[] {
  return [FORMAT, String(offsetMs), String(REMEMBER_MS), String(MARGIN_MS)];
}

export function encodeLadder(ladder: Ladder): readonly string[] {
  let encoded = encodedLadders.get(ladder);
  if (encoded === undefined) {
    encoded = [String(ladder.length)].concat(
      ladder.flatMap(({ field, max, enforced, bounds }) => [
        field,
        String(max),
        enforced ? '1' : '0',
        ...bounds.map(String),
      ]),
    );
    encodedLadders.set(ladder, encoded);
  }
  return encoded;
}

/** Ladders are shared by all subjects of a rule while its windows last. */
const encodedLadders = new WeakMap<Ladder, readonly string[]>();

export function encodeFingerprint({ fingerprint }: Operation): string {
  return String(fingerprint);
}
