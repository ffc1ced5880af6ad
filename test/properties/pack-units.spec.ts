import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ReservationPack } from '@sundial/contract';
import type { Store } from '@sundial/engine';
import { takesNothing, type StoredReservation } from '@sundial/engine/ports';
import fc from 'fast-check';
import {
  type StoreUnderTest,
  memoryStoreUnderTest,
  redisStoreUnderTest,
} from '../contract/store-under-test.js';
import { anyPackHistory, HoldStoryteller, type HoldStep } from './hold-history.js';

/** So that packs are needed. */
const TIGHT = 5;

/** What answers said that packs give: so much must be missing in them, and nothing else. */
class PackBook {
  /** By operation; what an earlier operation of the same id has taken for good is under a name of its own. */
  readonly #taken = new Map<string, Entry>();

  note(operation: string, result: Result, now: number): void {
    const before = this.#taken.get(operation);
    const { outcome, reservation, packs = [] } = result;
    if (outcome === 'taken') {
      this.#settleDue(now);
      if (before !== undefined) this.#taken.set(`${operation} before ${this.#taken.size}`, before);
      this.#taken.set(operation, { parts: packs, reservation });
    }
    if (before !== undefined && (outcome === 'ended' || outcome === 'extended'))
      this.#taken.set(operation, { parts: reservation?.packs ?? [], reservation });
    if (outcome === 'refunded') this.#taken.delete(operation);
  }

  /** The units of a pack that are taken at an instant. */
  of(pack: string, now: number): number {
    this.#settleDue(now);
    const parts = [...this.#taken.values()].flatMap((entry) => entry.parts);
    return parts.reduce((sum, { id, taken }) => (id === pack ? sum + taken : sum), 0);
  }

  #settleDue(now: number): void {
    for (const [operation, { reservation }] of this.#taken)
      if (reservation?.state === 'held' && reservation.onExpiry === 'release' && reservation.expiresAt <= now)
        this.#taken.delete(operation);
  }
}

interface Entry {
  readonly parts: readonly ReservationPack[];
  readonly reservation: StoredReservation | undefined;
}

interface Result {
  readonly outcome: string;
  readonly reservation?: StoredReservation;
  readonly packs?: readonly ReservationPack[];
}

/** Settlements say what no caller heard: the histories of both stores compare those. */
function isOfCallers({ kind }: HoldStep): boolean {
  return kind !== 'settle' && kind !== 'set' && kind !== 'return';
}

/** A check of nothing is not remembered, so what is known under its id stays what it was. */
function isLook(step: HoldStep): boolean {
  if (step.kind !== 'check') return false;
  const { amount, tokens = 0 } = step;
  return takesNothing({ amount, amounts: { tokens } });
}

describe('the units of a pack', () => {
  let stores: StoreUnderTest[];
  beforeAll(async () => {
    stores = await Promise.all([memoryStoreUnderTest(), redisStoreUnderTest()]);
  });
  afterAll(() => Promise.all(stores.map((store) => store.close())));

  it('are what is left of it, and what operations have of it: none is lost, and none is there twice', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(anyPackHistory, fc.nat({ max: 1 }), async (history, which) => {
        const underTest = stores[which]!;
        await underTest.empty();
        const storyteller = new HoldStoryteller(TIGHT);
        const book = new PackBook();
        let store: Store = await underTest.at(storyteller.now);
        for (const step of history.filter(isOfCallers)) {
          const call = storyteller.requestOf(step);
          if (!call) store = await underTest.at(storyteller.now);
          const result = call && ((await call(store)) as Result | undefined);
          const operation = storyteller.operationOf(step);
          if (result && operation !== undefined && !isLook(step))
            book.note(operation, result, storyteller.now);
          for (const { id, left, amount } of await storyteller.packs(store)) {
            const its = book.of(id, storyteller.now);
            if (its > 0) taken++;
            expect([step, id, left + its]).toEqual([step, id, amount]);
          }
        }
      }),
      { numRuns: 80 },
    );
    expect(taken).toBeGreaterThan(50);
  }, 60_000);
});
