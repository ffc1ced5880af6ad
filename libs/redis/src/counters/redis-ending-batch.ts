import type { EndHoldRequest, EndHoldResult, NamedAmounts } from '@sundial/engine/ports';
import { UNITS_METER } from '@sundial/contract';
import { scripts } from '@sundial/lua';
import type { CallCodec, CallItem } from './redis-call-queue.js';
import { common, LimitSetList } from './redis-take-batch.js';
import { ReplyWords } from './reply-words.js';

/** Commits, releases and looks (`end-hold.lua`). */
export const ENDINGS: CallCodec<EndHoldRequest, EndHoldResult> = {
  lua: scripts.endHold,
  encode: (items, offsetMs) => {
    const limitSets = new LimitSetList();
    const endings = items.map((item) => encodeEnding(item, limitSets));
    return { keys: keysOf(items), args: [common(offsetMs), limitSets.text, ...endings] };
  },
  decode: (items, reply) => decode('end-hold.lua', items, reply),
};

/** An extension on one shard, and what takes it back while nothing else becomes of the reservation. */
export type ShardExtension = EndHoldResult & { readonly undo?: string };

/** Extensions (`extend-hold.lua`). */
export const EXTENSIONS: CallCodec<EndHoldRequest, ShardExtension> = {
  lua: scripts.extendHold,
  encode: (items, offsetMs) => {
    const limitSets = new LimitSetList();
    const extensions = items.map((item) => encodeExtension(item, limitSets));
    return { keys: keysOf(items), args: [common(offsetMs), limitSets.text, ...extensions] };
  },
  decode: (items, reply) => decode('extend-hold.lua', items, reply),
};

/** An extension that is taken back. */
export interface UndoneExtension extends EndHoldRequest {
  readonly undo: string;
}

/** Extensions that another shard has refused (`undo-extension.lua`). */
export const UNDONE_EXTENSIONS: CallCodec<UndoneExtension, { readonly outcome: string }> = {
  lua: scripts.undoExtension,
  encode: (items, offsetMs) => ({
    keys: keysOf(items),
    args: [
      common(offsetMs),
      ...items.map(
        ({ request: { counters, takenAt, undo }, place }) =>
          `;${place.last} ${counters.length} ${instantOf(takenAt)} ${undo}`,
      ),
    ],
  }),
  decode: (items, reply) => {
    const words = new ReplyWords('undo-extension.lua', reply);
    return { now: words.now, results: items.map(() => ({ outcome: words.next() })) };
  },
};

/** Words in which `extend-hold.lua` says what takes it back. */
const UNDO_WORDS = 5;

type EndingItem = CallItem<EndHoldRequest>;

export function keysOf(items: readonly CallItem<Pick<EndHoldRequest, 'counters'>>[]): string[] {
  return items.flatMap(({ place, request }) => [place.bucket, ...request.counters.map(({ key }) => key)]);
}

function encodeEnding({ request, place, startBy }: EndingItem, limitSets: LimitSetList): string {
  const { ending, counters, takenAt, offersLimits = false } = request;
  const meters = ending.kind === 'commit' ? namedMeters(ending) : '-';
  const positions = offersLimits ? positionsOf(counters, limitSets) : '';
  return `;${place.last} ${counters.length} ${Math.floor(startBy)} ${ending.kind} ${instantOf(takenAt)} ${meters}${positions}`;
}

function encodeExtension({ request, place, startBy }: EndingItem, limitSets: LimitSetList): string {
  const { ending, counters, takenAt } = request;
  const [ttlMs, meters] = ending.kind === 'extend' ? [ending.ttlMs ?? 0, namedMeters(ending)] : [0, '-'];
  const text = `;${place.last} ${Math.floor(startBy)} ${ttlMs} ${instantOf(takenAt)} ${meters}`;
  return text + positionsOf(counters, limitSets);
}

function positionsOf(counters: EndHoldRequest['counters'], limitSets: LimitSetList): string {
  let text = '';
  for (const { limits } of counters) text += ` ${limits.length === 0 ? 0 : limitSets.positionOf(limits)}`;
  return text;
}

/** To the base 36. `-`: none. */
export function instantOf(instant: number | undefined): string {
  return instant === undefined ? '-' : Math.floor(instant).toString(36);
}

/** `units=3+tokens=0` to the base 36 (`lua/shared/meters.lua`). */
export function namedMeters({ amount, amounts }: NamedAmounts): string {
  const named = Object.entries({ ...amounts, ...(amount !== undefined && { [UNITS_METER]: amount }) });
  if (named.length === 0) return '-';
  return named.map(([meter, units]) => `${meter}=${units.toString(36)}`).join('+');
}

function decode(
  script: string,
  items: readonly EndingItem[],
  reply: unknown,
): { readonly now: number; readonly results: readonly ShardExtension[] } {
  const words = new ReplyWords(script, reply);
  const results = items.map(({ request: { counters } }): ShardExtension => {
    const { outcome: said, adds } = words.outcome();
    const kept = words.withoutCounts(said, counters);
    if ('kept' in kept) return kept;
    const outcome = said as EndHoldResult['outcome'] | 'packed';
    switch (outcome) {
      case 'ended':
      case 'found':
      case 'ended-otherwise':
        return { outcome, reservation: words.reservation(), windows: words.windows(counters) };
      case 'packed':
      case 'extended': {
        const counts = words.counts(counters, adds);
        const reservation = words.reservation();
        const undo = Array.from({ length: UNDO_WORDS }, () => words.next()).join(' ');
        const packs = outcome === 'packed' && { packs: words.packs() };
        return { outcome: 'extended', counts, reservation, undo, ...packs };
      }
      case 'refused': {
        const counts = words.counts(counters, adds);
        return { outcome, counts, reservation: words.reservation() };
      }
      case 'not-found':
      case 'window-mismatch':
      case 'wrong-type':
      case 'expired':
        return { outcome };
      default:
        return outcome satisfies never;
    }
  });
  return { now: words.now, results };
}
