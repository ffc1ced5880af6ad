import type { Operation } from '../../operations/operation.js';
import { loadSecret } from '../../operations/secret-file.js';
import { SharedSecret } from '../../operations/secret.js';
import {
  REMEMBER_MS,
  REMEMBER_SETTLED_MS,
  type ConditionListener,
  type CounterRef,
  type ForcedLimit,
  type LimitCeiling,
  type LimitCount,
  type WindowPick,
  type ReadRequest,
  type ReadResult,
  type SettleRequest,
  type SettleResult,
  type Store,
  type StoreCapacity,
  type StoreCondition,
  type StoreLoss,
  type TakeRequest,
  type TakeResult,
} from '../store.js';
import { hasRoom } from '../room.js';
import { FullStore } from './full-store.js';
import { CounterLog, type CounterLogEvents } from './log/counter-log.js';
import type { LogDamage } from './log/log-recovery.js';
import { MemoryBooks } from './state/memory-books.js';
import type { MemoryOperation } from './state/operation-record.js';

export interface MemoryStoreOptions extends CounterLogEvents {
  /** Where counters are kept over a restart; absent: in memory only. */
  readonly directory?: string;
  /** Counters of subjects that it holds at most; one more is `full`. Default: what fits into three quarters of the heap. */
  readonly maxCounters?: number;
  /** Milliseconds added to the clock; only tests set it. */
  readonly clockOffsetMs?: number;
}

/**
 * Counters of one process, in its memory: exact, never unavailable, gone with the process but for a log on disk
 * (`log/counter-log.ts`), which is at most 50 ms behind and whole after `close`.
 */
export class MemoryStore implements Store {
  readonly kind = 'embedded';
  readonly secret: SharedSecret;
  readonly #books: MemoryBooks;
  readonly #full: FullStore;
  readonly #log: CounterLog | undefined;
  readonly #offsetMs: number;
  /** What could not be read of the log that was found. */
  readonly damages: readonly LogDamage[];

  private constructor(
    books: MemoryBooks,
    opened: {
      readonly secret: SharedSecret;
      readonly log?: CounterLog;
      readonly damages: readonly LogDamage[];
    },
    offsetMs: number,
  ) {
    this.secret = opened.secret;
    this.#books = books;
    this.#full = new FullStore(books);
    this.#log = opened.log;
    this.damages = opened.damages;
    this.#offsetMs = offsetMs;
  }

  /** @throws Error that names the file, when the directory or the log in it cannot be read. */
  static async open(options: MemoryStoreOptions = {}): Promise<MemoryStore> {
    const { directory, maxCounters, clockOffsetMs: offsetMs = 0, ...events } = options;
    const now = () => Date.now() + offsetMs;
    const books = new MemoryBooks(now, maxCounters === undefined ? {} : { maxCounters });
    if (directory === undefined)
      return new MemoryStore(books, { secret: new SharedSecret(), damages: [] }, offsetMs);
    try {
      const { log, damages } = await CounterLog.open(directory, books, events);
      return new MemoryStore(books, { secret: await loadSecret(directory), log, damages }, offsetMs);
    } catch (error) {
      books.close();
      throw error;
    }
  }

  /** What is in memory, and how large the files are. */
  get size(): { readonly counters: number; readonly operations: number; readonly logBytes: number } {
    return { ...this.#books.size, logBytes: this.#log?.bytes ?? 0 };
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  take<L extends LimitCeiling>(request: TakeRequest<L>): TakeResult<L> {
    const { amount, counters, operation, deadlineAt } = request;
    const now = this.now();
    this.#books.beginChange();
    if (now > (typeof deadlineAt === 'number' ? deadlineAt : (deadlineAt() ?? -Infinity))) return EXPIRED;
    const counts = this.#look(counters, now);
    if (counts === undefined) return MOVED;
    if (amount > 0 && operation.number === undefined) {
      const recalled = this.#recall(operation, now);
      if (typeof recalled === 'string') return { outcome: recalled };
      if (recalled)
        return { outcome: 'replayed', counts, counted: { at: recalled.at, until: recalled.until } };
    }
    if (!hasRoom(counts, amount)) return { outcome: 'refused', counts };
    if (amount === 0) return { outcome: 'taken', counts };
    if (!this.#books.hasRoomFor(counters)) {
      this.#full.begins();
      return { outcome: 'full', counts };
    }
    this.#count(request, counts, now);
    return { outcome: 'taken', counts };
  }

  read<L extends LimitCeiling>({ counters }: ReadRequest<L>): ReadResult<L> {
    const counts = this.#look(counters, this.now());
    return counts === undefined ? MOVED : { outcome: 'read', counts };
  }

  settle(request: SettleRequest): SettleResult {
    const { operation, intent, decidedAt } = request;
    this.#books.beginChange();
    const recorded = this.#books.operation(operation.id, this.now());
    const counted = recorded?.barred === false ? recorded : undefined;
    switch (intent) {
      case 'count':
        return counted
          ? { outcome: this.#join(operation, counted, decidedAt + REMEMBER_SETTLED_MS) }
          : this.#countLate(request);
      case 'void':
        return { outcome: counted ? this.#reverse(request, counted) : this.#bar(request) };
      default:
        return intent satisfies never;
    }
  }

  async probe(): Promise<void> {}

  get capacity(): StoreCapacity {
    return this.#full.capacity;
  }

  get conditions(): readonly StoreCondition[] {
    return this.#full.conditions;
  }

  onCondition(listener: ConditionListener): void {
    this.#full.listen(listener);
  }

  /** Tells of each time whose counts were lost with what could not be read of the log. */
  onLoss(listener: (loss: StoreLoss) => void): void {
    for (const { isTornTail, from, to } of this.damages)
      if (!isTornTail) listener({ kind: 'unseen', from: Math.max(from, 0), to });
  }

  /** Writes what the log lacks. */
  async close(): Promise<void> {
    this.#full.close();
    this.#books.close();
    await this.#log?.close();
  }

  /** What stands against it: that it was counted before, or why it cannot be now. */
  #recall(operation: Operation, now: number): MemoryOperation | 'conflict' | 'expired' | undefined {
    const recorded = this.#books.operation(operation.id, now);
    if (recorded === undefined) return undefined;
    if (recorded.barred) return recorded.attempts === operation.attempt ? 'expired' : undefined;
    return this.#join(operation, recorded) === 'conflict' ? 'conflict' : recorded;
  }

  /** Notes that the caller of one more attempt is told that the operation was counted. That alone makes no longer memory. */
  #join(
    { id, content, attempt }: Operation,
    counted: MemoryOperation,
    settledUntil = -Infinity,
  ): 'already-counted' | 'conflict' {
    if (counted.content !== content) return 'conflict';
    const { attempts } = counted;
    const until = Math.max(counted.until, settledUntil);
    const isNoted = attempts === attempt || attempts.split(',').includes(attempt);
    const mayNote = !isNoted && attempts.length + attempt.length <= MAX_ATTEMPTS_LENGTH;
    if (mayNote) this.#books.remember(id, { ...counted, until, attempts: `${attempts},${attempt}` });
    else if (until > counted.until) this.#books.remember(id, { ...counted, until });
    return 'already-counted';
  }

  /** Takes an attempt off an operation that was counted, and reverses it without the last one. */
  #reverse(request: SettleRequest, counted: MemoryOperation): 'reversed' | 'barred' {
    const { operation, counters, amount, decidedAt } = request;
    const attempts = counted.attempts.split(',');
    const rest = attempts.filter((attempt) => attempt !== operation.attempt);
    if (rest.length === attempts.length) return 'barred';
    if (rest.length > 0) {
      const until = Math.max(counted.until, decidedAt + REMEMBER_SETTLED_MS);
      this.#books.remember(operation.id, { ...counted, until, attempts: rest.join(',') });
      return 'barred';
    }
    this.#add(counters, (ceiling) => pickWindow(ceiling, counted.at), -amount);
    this.#bar(request);
    return 'reversed';
  }

  #bar({ operation: { id, attempt }, decidedAt }: SettleRequest): 'barred' {
    const until = decidedAt + REMEMBER_SETTLED_MS;
    const countedAt = Date.now();
    this.#books.remember(id, { content: '', attempts: attempt, at: 0, until, barred: true, countedAt });
    return 'barred';
  }

  #countLate({ operation, counters, picks, amount, decidedAt }: SettleRequest): SettleResult {
    const { touched, forced } = this.#add(counters, (_ceiling, index) => picks[index], amount);
    const ceilings = counters.flatMap(({ ladder }) => ladder);
    const starts = ceilings.map(({ bounds }, index) => bounds[picks[index]!]);
    this.#record(operation, Math.max(...starts), decidedAt + REMEMBER_SETTLED_MS);
    const outcome = touched > 0 ? 'counted' : 'late';
    return forced.length > 0 ? { outcome, forced } : { outcome };
  }

  #look<L extends LimitCeiling>(
    counters: readonly CounterRef<L>[],
    now: number,
  ): MutableCount<L>[] | undefined {
    const counts: MutableCount<L>[] = [];
    for (const ref of counters) {
      const counter = this.#books.counter(ref);
      for (const ceiling of ref.ladder) {
        const pick = pickWindow(ceiling, now);
        if (pick === undefined) return undefined;
        counts.push(counter?.count(ceiling, pick) ?? { limit: ceiling, pick, used: 0 });
      }
    }
    return counts;
  }

  /** Writes the amount into the books, and into what was read of them. */
  #count({ counters, operation, amount }: TakeRequest, counts: readonly MutableCount[], now: number): void {
    // The clock may have been set back, and the windows are later ones.
    let [index, at] = [0, now];
    for (const ref of counters) {
      const counter = this.#books.openCounter(ref);
      for (const ceiling of ref.ladder) {
        const count = counts[index++]!;
        count.used = Math.min(count.used + amount, Number.MAX_SAFE_INTEGER);
        counter.put(ceiling, count.pick, count.used);
        at = Math.max(at, ceiling.bounds[count.pick]);
      }
    }
    if (operation.number === undefined) this.#record(operation, at, at + REMEMBER_MS);
    else {
      const { number, content } = operation;
      this.#books.rememberOwn(number, { content, at, countedAt: Date.now() });
    }
  }

  /**
   * Adds to each limit's picked window that is not over, where it is or can become the counter's current one: how many
   * it was, and which limits are above their max by that.
   */
  #add(
    counters: readonly CounterRef[],
    pickOf: (ceiling: LimitCeiling, index: number) => WindowPick | undefined,
    units: number,
  ): { touched: number; forced: ForcedLimit[] } {
    const forced: ForcedLimit[] = [];
    const now = this.now();
    let [index, touched] = [0, 0];
    for (const ref of counters) {
      for (const ceiling of ref.ladder) {
        const pick = pickOf(ceiling, index++);
        if (pick === undefined) continue;
        const window = this.#books.counter(ref)?.find(ceiling.field);
        const used = changeable(window, ceiling.bounds, { pick, now, units });
        if (used === undefined || !this.#books.hasRoomFor([ref])) continue;
        const total = Math.min(Math.max(used + units, 0), Number.MAX_SAFE_INTEGER);
        this.#books.openCounter(ref).put(ceiling, pick, total);
        touched++;
        if (units > 0 && ceiling.enforced && total > ceiling.max)
          forced.push({ limit: index - 1, used: total });
      }
    }
    return { touched, forced };
  }

  #record({ id, content, attempt }: Operation, at: number, until: number): void {
    const countedAt = Date.now();
    this.#books.remember(id, { content, attempts: attempt, at, until, barred: false, countedAt });
  }
}

/** This take's own, until it is answered. */
type MutableCount<L extends LimitCeiling = LimitCeiling> = {
  -readonly [Field in keyof LimitCount<L>]: LimitCount<L>[Field];
};

const EXPIRED = { outcome: 'expired' } as const;
const MOVED = { outcome: 'moved' } as const;
/** As in the script: an operation that is repeated for ever takes no more room than this. */
const MAX_ATTEMPTS_LENGTH = 1_000;

/** The units used in the picked window; undefined where it is over, or is not the current one and cannot become it. */
function changeable(
  current: { readonly startsAt: number; readonly used: number } | undefined,
  bounds: LimitCeiling['bounds'],
  { pick, now, units }: { readonly pick: WindowPick; readonly now: number; readonly units: number },
): number | undefined {
  const startsAt = bounds[pick];
  if (now >= bounds[pick + 1]!) return undefined;
  if (current?.startsAt === startsAt) return current.used;
  return units > 0 && !(current && current.startsAt > startsAt) ? 0 : undefined;
}

function pickWindow({ bounds }: LimitCeiling, now: number): WindowPick | undefined {
  if (now < bounds[0]) return undefined;
  if (now < bounds[1]) return 0;
  return now < bounds[2] ? 1 : undefined;
}
