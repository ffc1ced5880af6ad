import { amountOf, takesNothing, type Amounts } from '../../operations/amounts.js';
import { contentWithPacks, splitContent, withoutPacks } from '../../operations/taken-from-packs.js';
import { hasRoom } from '../room.js';
import type { LimitSpec } from '../counter-ref.js';
import { REMEMBER_MS, type TakeRequest, type TakeResult } from '../take.js';
import { startsAtOf } from '../window-index.js';
import type { MemoryOperations } from './memory-operations.js';
import { NOTHING_DRAWN, type DrawnPacks, type MemoryPacks } from './packs/memory-packs.js';
import type { MutableCount } from './state/counter-table.js';
import type { MemoryState } from './state/memory-state.js';
import type { MemoryOperation } from './state/operation-record.js';

/** Takes of checks: what they take is counted, and nothing is held. */
export class MemoryTakes {
  readonly #state: MemoryState;
  readonly #operations: MemoryOperations;
  readonly #packs: MemoryPacks;

  constructor(state: MemoryState, operations: MemoryOperations, packs: MemoryPacks) {
    this.#state = state;
    this.#operations = operations;
    this.#packs = packs;
  }

  /** `counts`: what its counters have now, of which it makes what they have then. */
  take<L extends LimitSpec>(request: TakeRequest<L>, counts: MutableCount<L>[], now: number): TakeResult<L> {
    const { amount, amounts, counters, operation } = request;
    const isLook = takesNothing(request);
    let tombstone: MemoryOperation | undefined;
    if (!isLook && operation.number === undefined) {
      const recalled = this.#operations.recall(operation, now);
      if (typeof recalled === 'string') return { outcome: recalled };
      tombstone = recalled;
      if (recalled?.voided === false) return replayedOf(recalled, counts);
    }
    const drawn = hasRoom(counts, amount, amounts)
      ? NOTHING_DRAWN
      : this.#packs.drawFor(counts, ({ limit }) => amountOf(limit, amount, amounts));
    if (drawn === undefined) return { outcome: 'refused', counts };
    if (isLook) return { outcome: 'taken', counts };
    if (!this.#state.hasRoomFor(counters)) return { outcome: 'full', counts };
    if (drawn !== NOTHING_DRAWN) return this.#countDrawn(request, drawn, counts, { now, tombstone });
    this.#count(request, counts, { now, tombstone });
    return { outcome: 'taken', counts };
  }

  /** The same of a check that takes in part from packs: its record says what. */
  #countDrawn<L extends LimitSpec>(
    request: TakeRequest<L>,
    drawn: DrawnPacks,
    counts: readonly MutableCount<L>[],
    of: { readonly now: number; readonly tombstone: MemoryOperation | undefined },
  ): TakeResult<L> {
    const { id, attempt, content } = request.operation;
    const operation = { id, attempt, content: contentWithPacks(content, drawn.parts) };
    this.#packs.write(drawn);
    this.#count({ ...withoutPacks(request, drawn.parts), operation }, counts, of);
    return { outcome: 'taken', counts, packs: drawn.parts };
  }

  /** Writes what each limit takes into the counters, and into what was read of them. */
  #count(
    { operation, amount, amounts }: Pick<TakeRequest, 'operation'> & Amounts,
    counts: readonly MutableCount[],
    { now, tombstone }: { readonly now: number; readonly tombstone: MemoryOperation | undefined },
  ): void {
    // The clock may have been set back, and the windows are later ones.
    let at = now;
    for (const count of counts) {
      const { counter, limit, windowIndex } = count;
      const takes = amountOf(limit, amount, amounts);
      count.used = Math.min(count.used + takes, Number.MAX_SAFE_INTEGER);
      this.#state.put(counter, limit, windowIndex, count.used);
      at = Math.max(at, startsAtOf(limit, windowIndex));
    }
    // What is kept under a number of this process has room for units alone.
    if (operation.number === undefined || amounts !== undefined)
      this.#operations.record(operation, { at, until: at + REMEMBER_MS }, tombstone);
    else {
      const { number, content } = operation;
      this.#state.rememberOwn(number, { content, at, countedAt: Date.now() });
    }
  }
}

function replayedOf<L extends LimitSpec>(
  { content, at, until }: MemoryOperation,
  counts: readonly MutableCount<L>[],
): TakeResult<L> {
  const { parts } = splitContent(content);
  const counted = { at, until };
  return { outcome: 'replayed', counts, counted, ...(parts.length > 0 && { packs: parts }) };
}
