import type { ForcedLimit, SettleRequest, SettleResult } from '@sundial/engine/ports';
import type { ScriptCall } from '../connection/redis-script.js';
import type { OperationPlace } from './operation-place.js';
import { common, FORMAT, LadderList, nameOf, storeOutcome } from './redis-take-batch.js';

/** A settlement as `settle.lua` wants it, and where its operation is remembered. */
export interface SettleItem {
  readonly request: SettleRequest;
  readonly place: OperationPlace;
  /** Until when the store is to remember it at least, by its clock. */
  readonly rememberUntil: number;
}

/** Writes many settlements into one call of `settle.lua`; what neighbours have in common, and ladders, are sent once. */
export function encodeSettlements(items: readonly SettleItem[], offsetMs: number): ScriptCall {
  const keys: string[] = [];
  const ladders = new LadderList();
  const names: string[] = [];
  let groups = '';
  let [shared, settlements] = ['', 0];
  for (const { request, place, rememberUntil } of items) {
    keys.push(place.page);
    for (const { key } of request.counters) keys.push(key);
    names.push(`${nameOf(place, request.operation)} ${Math.floor(rememberUntil).toString(36)}`);
    const its = inCommon(request, ladders);
    if (its !== shared && settlements > 0) {
      groups += `${settlements} ${shared};`;
      settlements = 0;
    }
    shared = its;
    settlements++;
  }
  groups += `${settlements} ${shared}`;
  return { keys, args: [common(offsetMs), ladders.text, groups, ...names] };
}

/** Reads the reply of `settle.lua`: the result of each settlement. */
export function decodeSettlements(count: number, reply: unknown): SettleResult[] {
  const words = String(reply).split(' ');
  if (words[0] !== FORMAT) throw new TypeError(`settle.lua answered ${JSON.stringify(reply)}`);
  const results: SettleResult[] = [];
  for (let at = 1; results.length < count;) {
    const outcome = storeOutcome(words[at++] as SettleResult['outcome']);
    const forced: ForcedLimit[] = [];
    for (let left = outcome === 'counted' ? Number(words[at++]) : 0; left > 0; left--) {
      forced.push({ limit: Number(words[at++]), used: Number(words[at++]) });
    }
    results.push(forced.length > 0 ? { outcome, forced } : { outcome });
  }
  return results;
}

/** What a group of settlements shares: everything but keys and names. */
function inCommon({ intent, amount, picks, counters }: SettleRequest, ladders: LadderList): string {
  let text = `${intent} ${amount} `;
  for (const pick of picks) text += pick;
  for (const { ladder } of counters) text += ` ${ladders.positionOf(ladder)}`;
  return text;
}
