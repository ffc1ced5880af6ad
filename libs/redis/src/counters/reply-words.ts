import {
  decodeContent,
  type CounterRef,
  type HeldWindow,
  type KeptLimit,
  type LimitCount,
  type LimitOverride,
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
    if (adds.reserved) return this.#countsWithMore(counters, adds.overrides);
    const counts: LimitCount<L>[] = [];
    const words = this.#words;
    let at = this.#at;
    for (const counter of counters)
      for (const limit of counter.limits) {
        const windowIndex = words[at++] === '0' ? 'current' : 'next';
        counts.push({ counter, limit, windowIndex, used: Number(words[at++]), reserved: 0 });
      }
    this.#at = at;
    return counts;
  }

  #countsWithMore<L extends LimitSpec>(
    counters: readonly CounterRef<L>[],
    hasOverrides = false,
  ): LimitCount<L>[] {
    const counts: LimitCount<L>[] = [];
    const words = this.#words;
    let limits = 0;
    for (const counter of counters) limits += counter.limits.length;
    let at = this.#at;
    let moreAt = at + 2 * limits;
    for (const counter of counters)
      for (const limit of counter.limits) {
        const windowIndex = words[at++] === '0' ? 'current' : 'next';
        const units = Number(words[at++]);
        const reserved = Number(words[moreAt]);
        const word = hasOverrides ? words[moreAt + limits]! : NO_OVERRIDE;
        moreAt++;
        const count = { counter, limit, windowIndex, used: units - reserved, reserved } as const;
        counts.push(word === NO_OVERRIDE ? count : { ...count, override: overrideIn(word) });
      }
    this.#at += (hasOverrides ? 4 : 3) * limits;
    return counts;
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
    const letters = this.next();
    const [at, expiresAt, until] = [this.instant(), this.instant(), this.instant()];
    const [held, committed] = [this.next(), this.next()];
    const state = STATES[letters.charAt(0)] ?? 'held';
    const onExpiry = ON_EXPIRY[letters.charAt(1)] ?? 'release';
    const late = letters.charAt(2) === 'l';
    const { content, parts } = splitContent(held);
    const amounts = metersOf(content);
    const reservation = { state, at, expiresAt, onExpiry, until, late, amounts };
    if (parts.length === 0 && committed === '-') return reservation;
    return {
      ...reservation,
      ...shownParts(parts, reservation),
      ...(committed !== '-' && { committed: committedOf(committed, amounts) }),
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

const NO_OVERRIDE = '-';
/** Of many subjects overrides say the same. */
const MAX_OVERRIDES = 1_024;
const overrides = new Map<string, LimitOverride>();

/** What a word says of a limit: nearly always the same object for the same word, so that who remembers it knows it again. */
function overrideIn(word: string): LimitOverride {
  let override = overrides.get(word);
  if (override === undefined) {
    if (overrides.size >= MAX_OVERRIDES) overrides.clear();
    overrides.set(word, (override = overrideOfWord(word)));
  }
  return override;
}

/** Units by meter, `units` included (`lua/shared/meters.lua`). */
export function metersOf(text: string): Amounts {
  const { amount, amounts } = decodeContent(text);
  return amounts === undefined ? { [UNITS_METER]: amount } : { [UNITS_METER]: amount, ...amounts };
}

/** Of every meter that was held, too: 0 where nothing was committed of it. */
function committedOf(text: string, held: Amounts): Amounts {
  const committed = metersOf(text);
  const missing = Object.keys(held).filter((meter) => !Object.hasOwn(committed, meter));
  if (missing.length === 0) return committed;
  return { ...Object.fromEntries(missing.map((meter) => [meter, 0])), ...committed };
}
