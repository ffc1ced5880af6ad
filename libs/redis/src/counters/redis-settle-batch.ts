import type {
  ForcedLimit,
  SettledHold,
  SettledLimit,
  SettleRequest,
  SettleResult,
} from '@sundial/engine/ports';
import { scripts } from '@sundial/lua';
import type { ScriptCall } from '../connection/redis-script.js';
import type { OperationPlace } from './operation-place.js';
import { instantOf, namedMeters } from './redis-ending-batch.js';
import { letterOf } from './redis-hold-batch.js';
import { common, encodeAmounts, LimitSetList, identityOf } from './redis-take-batch.js';
import { FORMAT } from './reply-words.js';

/** A settlement as `settle.lua` takes it, and where its operation is remembered. */
export interface SettleItem {
  readonly request: SettleRequest;
  readonly place: OperationPlace;
  /** Until when the store is to remember it at least, by its clock. */
  readonly rememberUntil: number;
}

/** A reservation that is settled on one shard. */
export interface ShardSettledHold extends SettledHold {
  /** Another shard has said when it was taken: what is held here by another attempt was taken then, too. */
  readonly isFollowing?: boolean;
}

/** A script that settles, and who a settlement is there. */
export interface SettleCodec {
  readonly lua: string;
  identity(item: SettleItem): string;
}

/** Settlements of checks (`settle.lua`). */
export const CHECK_SETTLEMENTS: SettleCodec = { lua: scripts.settle, identity: settledIdentity };

/** Settlements of reservations (`settle-hold.lua`). */
export const HOLD_SETTLEMENTS: SettleCodec = {
  lua: scripts.settleHold,
  identity: (item) => {
    const { intent, operation, hold, committed, extended, decidedAt } = item.request;
    const { takenAt, expiresAt, onExpiry, isDegraded, isLost, isFollowing } = (hold ??
      NO_HOLD) as ShardSettledHold;
    const instants = [takenAt, expiresAt, decidedAt].map(instantOf).join(' ');
    const letters = `${letterOf(onExpiry)}${isDegraded ? 'd' : isLost ? 'l' : '-'}${isFollowing ? 'f' : '-'}`;
    const named = intent === 'commit' ? committed : intent === 'hold' ? extended : undefined;
    const meters = namedMeters({ ...(named && { amounts: named }) });
    return `${settledIdentity(item)} ${operation.attempt} ${instants} ${letters} ${meters}`;
  },
};

const NO_HOLD: SettledHold = { takenAt: 0, expiresAt: 0, onExpiry: 'release', isDegraded: false };

function settledIdentity({ request, place, rememberUntil }: SettleItem): string {
  return `${identityOf(place, request.operation)} ${instantOf(rememberUntil)}`;
}

/** Writes many settlements into one call of a script; what neighbours have in common, and limit sets, are sent once. */
export function encodeSettlements(
  items: readonly SettleItem[],
  offsetMs: number,
  identity: SettleCodec['identity'],
): ScriptCall {
  const keys: string[] = [];
  const limitSets = new LimitSetList();
  const names: string[] = [];
  let groups = '';
  let [shared, settlements] = ['', 0];
  for (const item of items) {
    const { request, place } = item;
    keys.push(place.bucket);
    for (const { key } of request.counters) keys.push(key);
    names.push(identity(item));
    const its = inCommon(request, limitSets);
    if (its !== shared && settlements > 0) {
      groups += `${settlements} ${shared};`;
      settlements = 0;
    }
    shared = its;
    settlements++;
  }
  groups += `${settlements} ${shared}`;
  return { keys, args: [common(offsetMs), limitSets.text, groups, ...names] };
}

/** Reads the reply of a script that settles: each settlement with its result. */
export function decodeSettlements<Item extends SettleItem>(
  items: readonly Item[],
  reply: unknown,
): { readonly item: Item; readonly result: SettleResult }[] {
  const words = String(reply).split(' ');
  if (words[0] !== FORMAT) throw new TypeError(`settle.lua answered ${JSON.stringify(reply)}`);
  let at = 1;
  return items.map((item) => {
    const outcome = words[at++] as SettleResult['outcome'];
    const forced: ForcedLimit[] = [];
    for (let left = outcome === 'counted' ? Number(words[at++]) : 0; left > 0; left--) {
      const limit = limitAt(item.request, Number(words[at++]));
      const used = Number(words[at++]);
      if (limit) forced.push({ limit, used });
    }
    return { item, result: forced.length > 0 ? { outcome, forced } : { outcome } };
  });
}

/** The script names a limit by its position among all of the request. */
function limitAt({ counters }: SettleRequest, position: number): SettledLimit | undefined {
  return counters.flatMap(({ limits }) => limits)[position];
}

/** What a group of settlements shares: everything but keys and identities. */
function inCommon(request: SettleRequest, limitSets: LimitSetList): string {
  const { intent, counters } = request;
  let text = `${intent} ${encodeAmounts(request)} `;
  for (const { limits } of counters)
    for (const { windowIndex } of limits) text += windowIndex === 'current' ? 0 : 1;
  for (const { limits } of counters) text += ` ${limits.length === 0 ? 0 : limitSets.positionOf(limits)}`;
  return text;
}
