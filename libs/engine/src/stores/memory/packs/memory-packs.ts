import { MAX_PACKS, UNITS_METER } from '@sundial/contract';
import type { PackPart } from '../../../operations/taken-from-packs.js';
import {
  decodePacks,
  encodePacks,
  packsKeyOf,
  REMEMBER_PACKS_MS,
  type AddPackResult,
  type CancelPackResult,
  type NewPack,
  type PackPlace,
  type PacksResult,
  type PackStore,
  type StoredPack,
  type TakenFromPack,
} from '../../packs.js';
import { enforcedMax } from '../../overrides.js';
import type { Counts, LimitCount, LimitSpec } from '../../counter-ref.js';
import type { MemoryState } from '../state/memory-state.js';
import type { LastingOperations } from '../state/lasting-operations.js';

const PREFIX = '!packs ';
const FIRST_BYTE = ';'.charCodeAt(0);
/** Subjects with packs: with a few packs each, about 100 MB. */
const MAX_SUBJECTS = 100_000;
const NONE: readonly StoredPack[] = [];
/** Its units are counted while they are held only: packs never stand in for it. */
const CONCURRENT_FIELD = '(concurrent)';

/** Packs of the embedded store: in memory, and each subject's as an operation record, so that they are logged as operations are. */
export class MemoryPacks implements PackStore {
  readonly #packs = new Map<string, readonly StoredPack[]>();

  constructor(
    private readonly state: MemoryState,
    private readonly lasting: Pick<LastingOperations, 'note'>,
    private readonly now: () => number,
    private readonly endDueHolds: () => void,
  ) {
    for (const [id, { content }] of state.recordsWith(FIRST_BYTE))
      if (id.startsWith(PREFIX)) this.#packs.set(id.slice(PREFIX.length), decodePacks(content));
  }

  addPack({ key }: PackPlace, pack: NewPack): AddPackResult {
    this.endDueHolds();
    const packs = [...this.#at(key)];
    const known = packs.find(({ id }) => id === pack.id);
    if (known)
      return known.content === pack.content ? { outcome: 'replayed', packs } : { outcome: 'conflict' };
    const now = this.now();
    if (packs.length === 0 && !this.#hasRoom(now)) return { outcome: 'too-many' };
    if (packs.length >= MAX_PACKS) {
      const ended = packs.findIndex(({ left, expiresAt }) => left === 0 || expiresAt <= now);
      if (ended < 0) return { outcome: 'too-many' };
      packs.splice(ended, 1);
    }
    const later = packs.findIndex(
      ({ priority, expiresAt }) =>
        priority > pack.priority || (priority === pack.priority && expiresAt > pack.expiresAt),
    );
    const added = { ...pack, left: pack.amount, createdAt: Math.floor(now), isCancelled: false };
    packs.splice(later < 0 ? packs.length : later, 0, added);
    this.#save(key, packs);
    return { outcome: 'added', packs };
  }

  cancelPack({ key }: PackPlace, id: string): CancelPackResult {
    this.endDueHolds();
    const now = Math.floor(this.now());
    const packs = this.#at(key);
    const pack = packs.find((each) => each.id === id);
    if (pack === undefined) return { outcome: 'not-found' };
    if (pack.isCancelled || pack.expiresAt <= now) return { outcome: 'cancelled', packs };
    const cancelled = { ...pack, isCancelled: true, expiresAt: now };
    const changed = packs.map((each) => (each === pack ? cancelled : each));
    this.#save(key, changed);
    return { outcome: 'cancelled', packs: changed };
  }

  packsAt({ key }: PackPlace): PacksResult {
    this.endDueHolds();
    return { outcome: 'found', packs: this.#at(key) };
  }

  /** What a check takes from packs, where its limits have no room; undefined where they don't have it. Nothing is written. */
  drawFor<L extends LimitSpec>(
    counts: Counts<L>,
    takesOf: (count: LimitCount<L>) => number,
  ): DrawnPacks | undefined {
    if (this.#packs.size === 0) return undefined;
    const lacking = lackingMeters(counts, takesOf);
    if (lacking === undefined) return undefined;
    return this.#draw(lacking, 'all');
  }

  /** The same as far as they have it. */
  drawUpTo<L extends LimitSpec>(counts: Counts<L>, takesOf: (count: LimitCount<L>) => number): DrawnPacks {
    return this.#draw(lackingMeters(counts, takesOf) ?? new Map(), 'some') ?? NOTHING_DRAWN;
  }

  /** Whether the packs beside these counters have units of one of these meters. */
  haveUnits(counterKeys: readonly string[], meters: Readonly<Record<string, number>>): boolean {
    if (this.#packs.size === 0) return false;
    const now = this.now();
    const places = [...new Set(counterKeys.map(packsKeyOf))];
    return places.some((key) =>
      (key === undefined ? NONE : this.#at(key)).some(
        ({ meter, left, expiresAt }) => Object.hasOwn(meters, meter) && left > 0 && expiresAt > now,
      ),
    );
  }

  #draw(lacking: Lacking, least: 'all' | 'some'): DrawnPacks | undefined {
    const now = this.now();
    const drawn = new Map<string, readonly StoredPack[]>();
    const parts: TakenFromPack[] = [];
    for (const [meter, { key, units }] of lacking) {
      let rest = units;
      const packs = (drawn.get(key) ?? this.#at(key)).map((pack) => {
        const taken = pack.meter === meter && pack.expiresAt > now ? Math.min(pack.left, rest) : 0;
        if (taken === 0) return pack;
        rest -= taken;
        parts.push({ id: pack.id, meter, taken, remaining: pack.left - taken });
        return { ...pack, left: pack.left - taken };
      });
      if (rest > 0 && least === 'all') return undefined;
      drawn.set(key, packs);
    }
    return { parts, packs: drawn };
  }

  write({ packs }: DrawnPacks): void {
    for (const [key, left] of packs) this.#save(key, left);
  }

  /** Gives back what an operation took from packs beside these counters. None has more than it began with. */
  giveBack(counterKeys: readonly string[], parts: readonly Pick<TakenFromPack, 'id' | 'taken'>[]): void {
    const keys = new Set(counterKeys.map(packsKeyOf));
    for (const key of keys) {
      const packs = key === undefined ? NONE : this.#at(key);
      const changed = packs.map((pack) => {
        const taken = parts.find(({ id }) => id === pack.id)?.taken ?? 0;
        return taken === 0 ? pack : { ...pack, left: Math.min(pack.left + taken, pack.amount) };
      });
      if (changed.some((pack, index) => pack !== packs[index])) this.#save(key!, changed);
    }
  }

  /**
   * Puts `parts` in the place of what an operation took `before` from packs beside these counters, as far as the packs have them.
   * Of a pack that is forgotten, `isTaken` says whether they were taken; one that was added again after that has all of them. Returns the parts.
   */
  exchange(
    counterKeys: readonly string[],
    {
      before,
      parts,
      isTaken,
    }: {
      readonly before: readonly PackPart[];
      readonly parts: readonly PackPart[];
      readonly isTaken: boolean;
    },
  ): readonly PackPart[] {
    const taken = new Map(parts.map(({ id, taken: units }) => [id, isTaken ? units : 0]));
    for (const key of new Set(counterKeys.map(packsKeyOf))) {
      const packs = key === undefined ? NONE : this.#at(key);
      const changed = packs.map((pack) => {
        const left = pack.left + unitsOf(before, pack.id);
        const units = Math.min(unitsOf(parts, pack.id), left);
        if (taken.has(pack.id)) taken.set(pack.id, units);
        const after = Math.min(left - units, pack.amount);
        return after === pack.left ? pack : { ...pack, left: after };
      });
      if (changed.some((pack, index) => pack !== packs[index])) this.#save(key!, changed);
    }
    return parts
      .map(({ id, meter }) => ({ id, meter, taken: taken.get(id)! }))
      .filter((part) => part.taken > 0);
  }

  /** Those of a subject, until they are forgotten. */
  #at(key: string): readonly StoredPack[] {
    const packs = this.#packs.get(key);
    if (packs === undefined) return NONE;
    return endOf(packs) > this.now() ? packs : NONE;
  }

  #hasRoom(now: number): boolean {
    if (this.#packs.size < MAX_SUBJECTS) return true;
    for (const [key, packs] of this.#packs) if (endOf(packs) <= now) this.#packs.delete(key);
    return this.#packs.size < MAX_SUBJECTS;
  }

  #save(key: string, packs: readonly StoredPack[]): void {
    this.#packs.set(key, packs);
    const [id, at, until] = [PREFIX + key, Math.floor(this.now()), endOf(packs)];
    const record = { content: encodePacks(packs), attempts: '-', at, until, voided: false };
    this.state.remember(id, { ...record, lasting: true, countedAt: Date.now() });
    this.lasting.note(id);
  }
}

/** Of a check that has room without any. */
export const NOTHING_DRAWN: DrawnPacks = { parts: [], packs: new Map() };

export interface DrawnPacks {
  readonly parts: readonly TakenFromPack[];
  /** By key, as they are after it. */
  readonly packs: ReadonlyMap<string, readonly StoredPack[]>;
}

/** What of a limit packs give: never of one that counts what is held at once. */
export function givenOf({ field, meter = UNITS_METER }: LimitSpec, { parts }: DrawnPacks): number {
  if (parts.length === 0 || field === CONCURRENT_FIELD) return 0;
  return parts.reduce((sum, part) => (part.meter === meter ? sum + part.taken : sum), 0);
}

function unitsOf(parts: readonly PackPart[], id: string): number {
  return parts.find((part) => part.id === id)?.taken ?? 0;
}

function endOf(packs: readonly StoredPack[]): number {
  return Math.max(...packs.map(({ expiresAt }) => expiresAt)) + REMEMBER_PACKS_MS;
}

type Lacking = ReadonlyMap<string, { readonly key: string; readonly units: number }>;

/** The meters that lack units, each with how many and with the key of the packs; undefined where packs can't stand in. */
function lackingMeters<L extends LimitSpec>(
  counts: Counts<L>,
  takesOf: (count: LimitCount<L>) => number,
): Lacking | undefined {
  const lacking = new Map<string, { readonly key: string; readonly units: number }>();
  for (const count of counts) {
    const { counter, limit, used, reserved } = count;
    const takes = takesOf(count);
    const lack = Math.min(takes, used + reserved + takes - enforcedMax(count));
    if (lack <= 0) continue;
    const [meter, key] = [limit.meter ?? UNITS_METER, packsKeyOf(counter.key)];
    const known = lacking.get(meter);
    if (key === undefined || limit.field === CONCURRENT_FIELD) return undefined;
    if (known && known.key !== key) return undefined;
    lacking.set(meter, { key, units: Math.max(known?.units ?? 0, lack) });
  }
  return lacking;
}
