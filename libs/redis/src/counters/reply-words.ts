import {
  decodeContent,
  type CounterRef,
  type HeldWindow,
  type KeptLimit,
  type LimitCount,
  type LimitSpec,
  type ReplayedResult,
  overrideOfWord,
  shownParts,
  splitContent,
  type StoredReservation,
  type TakenFromPack,
  type WindowMismatch,
} from '@sundial/engine/ports';
import { UNITS_METER, type Amounts, type OnExpiry, type ReservationState } from '@sundial/contract';

/** Every script's first argument and first reply: nodes of different versions recognise each other. */
export const FORMAT = '2';
const KEPT = 'kept:';

/** The words of a reply, read one after the other. */
export class ReplyWords {
  readonly #words: readonly string[];
  /** The store's clock. */
  readonly now: number;
  #at = 2;

  /** @throws TypeError where the reply is in another format. */
  constructor(script: string, reply: unknown) {
    this.#words = String(reply).split(' ');
    if (this.#words[0] !== FORMAT) throw new TypeError(`${script} answered ${JSON.stringify(reply)}`);
    this.now = Number(this.#words[1]);
  }

  next(): string {
    return this.#words[this.#at++] ?? '';
  }

  integer(): number {
    return Number(this.next());
  }

  /** To the base 36. */
  instant(): number {
    return parseInt(this.next(), 36);
  }

  /** An outcome, and what its counts have beside their units: `+` says that some are held, `!` that there are overrides. */
  outcome(): { readonly outcome: string; readonly adds: CountWords } {
    const said = this.next();
    const overrides = said.startsWith('!');
    const at = overrides ? 1 : 0;
    const reserved = said.startsWith('+', at);
    return {
      outcome: said.slice(reserved ? at + 1 : at),
      adds: reserved ? { reserved, overrides } : NO_WORDS,
    };
  }

  /** Window index and units of each limit; behind those how many of the units are held, and what overrides say. */
  counts<L extends LimitSpec>(counters: readonly CounterRef<L>[], adds: CountWords): LimitCount<L>[] {
    const counts: LimitCount<L>[] = [];
    const words = this.#words;
    let at = this.#at;
    for (const counter of counters)
      for (const limit of counter.limits) {
        const windowIndex = words[at++] === '0' ? 'current' : 'next';
        counts.push({ counter, limit, windowIndex, used: Number(words[at++]), reserved: 0 });
      }
    this.#at = at;
    if (!adds.reserved) return counts;
    const reserved = counts.map((count) => withReserved(count, this.integer()));
    return adds.overrides ? reserved.map((count) => withOverride(count, this.next())) : reserved;
  }

  /** An outcome without counts; windows that a counter keeps (`lua/shared/own-windows.lua`) are a mismatch. */
  withoutCounts<O extends string>(
    said: string,
    counters: readonly CounterRef[],
  ): { outcome: O } | WindowMismatch {
    if (!said.startsWith(KEPT)) return { outcome: said as O };
    const limits = counters.flatMap(({ key, limits }) => limits.map(({ field }) => ({ key, field })));
    const kept = said
      .slice(KEPT.length)
      .split(';')
      .map((words): KeptLimit => {
        const [position = '', startsAt = '', endsAt = '', zone = ''] = words.split(',');
        const { key, field } = limits[Number(position)]!;
        return {
          key,
          field,
          startsAt: parseInt(startsAt, 36),
          endsAt: parseInt(endsAt, 36),
          zone: Number(zone),
        };
      });
    return { outcome: 'window-mismatch', kept };
  }

  /** As `lua/shared/reservation-record.lua` writes it. */
  reservation(): StoredReservation {
    const [state = '', onExpiry = '', late = ''] = this.next();
    const [at, expiresAt, until] = [this.instant(), this.instant(), this.instant()];
    const [{ content, parts }, committed] = [splitContent(this.next()), this.next()];
    const held = metersOf(content);
    const ends = { state: STATES[state] ?? 'held', onExpiry: ON_EXPIRY[onExpiry] ?? 'release' };
    return {
      ...ends,
      ...shownParts(parts, ends),
      late: late === 'l',
      at,
      expiresAt,
      until,
      amounts: held,
      ...(committed !== '-' && { committed: { ...nothingOf(held), ...metersOf(committed) } }),
    };
  }

  /** What a repetition says of the operation, as `lua/shared/check-replay.lua` writes it. */
  countedBefore(): Pick<ReplayedResult, 'counted' | 'packs'> {
    const at = this.integer();
    const { content: left, parts } = splitContent(this.next());
    const counted = { at, until: this.now + Number(left) };
    return parts.length === 0 ? { counted } : { counted, packs: parts };
  }

  /** What packs gave, as `lua/shared/pack-takes.lua` writes it. */
  packs(): TakenFromPack[] {
    const packs: TakenFromPack[] = [];
    for (let left = this.integer(); left > 0; left--)
      packs.push({ id: this.next(), meter: this.next(), taken: this.integer(), remaining: this.integer() });
    return packs;
  }

  /** As `lua/shared/endings.lua` writes them. */
  windows(counters: readonly CounterRef[]): HeldWindow[] {
    const windows: HeldWindow[] = [];
    for (let left = this.integer(); left > 0; left--) {
      const counter = counters[this.integer()]!;
      const [field, startsAt] = [this.next(), this.instant()];
      const [units, reserved] = [this.integer(), this.integer()];
      windows.push({ counter, field, startsAt, used: units - reserved, reserved });
    }
    return windows;
  }
}

const STATES: Readonly<Record<string, ReservationState>> = {
  h: 'held',
  c: 'committed',
  r: 'released',
  e: 'expired',
};
const ON_EXPIRY: Readonly<Record<string, OnExpiry>> = { r: 'release', c: 'commit' };

/** What the words of counts have beside window indexes and units. */
export interface CountWords {
  readonly reserved: boolean;
  readonly overrides?: boolean;
}

const NO_WORDS: CountWords = { reserved: false };

function withOverride<L extends LimitSpec>(count: LimitCount<L>, word: string): LimitCount<L> {
  return word === '-' ? count : { ...count, override: overrideOfWord(word) };
}

function withReserved<L extends LimitSpec>(count: LimitCount<L>, reserved: number): LimitCount<L> {
  return { ...count, used: count.used - reserved, reserved };
}

/** Units by meter, `units` included (`lua/shared/meters.lua`). */
export function metersOf(text: string): Amounts {
  const { amount, amounts } = decodeContent(text);
  return { [UNITS_METER]: amount, ...amounts };
}

function nothingOf(amounts: Amounts): Amounts {
  return Object.fromEntries(Object.keys(amounts).map((meter) => [meter, 0]));
}
