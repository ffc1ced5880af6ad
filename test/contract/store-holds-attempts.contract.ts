import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '@sundial/engine';
import type { TakeRequest } from '@sundial/engine/ports';
import { ending, reserved, reserving, settled, settlingHold, unitsOf } from './hold-requests.js';
import type { StoreScene } from './store.contract.js';
import { counter, daily, MINUTE_MS, NOON, settling } from './store-requests.js';

const FIRST = NOON - 2_000;
const SECOND = NOON - 1_000;

/**
 * Attempts at one operation may each have been answered that they hold it, at other instants: one by a store that has lost its data since,
 * one by a node while the store was away. Reservation ids say those instants.
 */
export function holdAttemptsContract(scene: () => StoreScene): void {
  describe('a reservation that attempts were answered at several instants', () => {
    const counters = [counter([daily(10)])];
    let store: Store;
    let request: TakeRequest;
    beforeEach(() => {
      store = scene().store;
      request = reserving(counters, { amount: 2 });
    });
    const endedAt = async (takenAt: number, kind: 'commit' | 'release') =>
      (await store.endHold({ ...ending(request, { kind }), takenAt })).outcome;
    const lost = { isDegraded: false, isLost: true, takenAt: FIRST };

    it.each([
      ['before what the store had held is settled again', false],
      ['after it', true],
    ])('is committed by the id of either, %s', async (_, isReplayed) => {
      await settled(store, settlingHold('hold', request, { takenAt: SECOND }));
      if (isReplayed)
        expect(await settled(store, settlingHold('hold', request, lost))).toEqual(['already-counted']);
      expect(await endedAt(FIRST, 'commit')).toBe('ended');
      expect(await endedAt(SECOND, 'commit')).toBe('ended');
      expect(await unitsOf(store, counters[0]!)).toEqual([[2, 0]]);
    });

    it('is released by the id of either, and then committed by neither', async () => {
      await settled(store, settlingHold('hold', request, { takenAt: SECOND }));
      expect(await endedAt(SECOND, 'release')).toBe('ended');
      expect(await endedAt(FIRST, 'release')).toBe('ended');
      expect(await endedAt(FIRST, 'commit')).toBe('ended-otherwise');
      expect(await unitsOf(store, counters[0]!)).toEqual([[0, 0]]);
    });

    it('is committed once by settlements of either', async () => {
      const committed = { committed: { units: 2 } };
      expect(
        await settled(
          store,
          settlingHold('hold', request, { takenAt: SECOND }),
          settlingHold('commit', request, { ...lost, ...committed }),
          settlingHold('commit', request, { takenAt: SECOND, ...committed }),
        ),
      ).toEqual(['counted', 'counted', 'already-counted']);
      expect(await unitsOf(store, counters[0]!)).toEqual([[2, 0]]);
    });

    it('stays held where one of them was released before the store lost it: it may be another one', async () => {
      const release = settlingHold('release', request, lost);
      expect(await settled(store, settlingHold('hold', request, { takenAt: SECOND }), release)).toEqual([
        'counted',
        'voided',
      ]);
      expect(await unitsOf(store, counters[0]!)).toEqual([[0, 2]]);
    });

    it('is another one than that which freed the id', async () => {
      const { at } = await reserved(store, request);
      expect(await endedAt(at, 'release')).toBe('ended');
      const later = await scene().underTest.at(NOON + MINUTE_MS / 2);
      const again = await reserved(later, reserving(counters, { id: request.operation.id, amount: 2 }));
      for (const kind of ['commit', 'release'] as const) {
        const stale = { ...ending(request, { kind }), takenAt: at };
        expect(await later.endHold(stale)).toEqual({ outcome: 'not-found' });
      }
      const release = settlingHold('release', request, { isDegraded: false, takenAt: at });
      expect(await settled(later, release)).toEqual(['voided']);
      expect(await unitsOf(later, counters[0]!)).toEqual([[0, 2]]);
      // By an attempt that was answered after the id was free.
      const attempt = { ...ending(request, { kind: 'commit' }), takenAt: again.at + 1 };
      expect(await later.endHold(attempt)).toMatchObject({ outcome: 'ended' });
    });

    it('is another one than that which freed the id so long ago that it is forgotten', async () => {
      const { at } = await reserved(store, request);
      expect(await endedAt(at, 'release')).toBe('ended');
      const later = await scene().underTest.at(NOON + 16 * MINUTE_MS);
      await reserved(later, reserving(counters, { id: request.operation.id, amount: 2 }));
      for (const kind of ['commit', 'release'] as const) {
        const stale = { ...ending(request, { kind }), takenAt: at };
        expect(await later.endHold(stale)).toEqual({ outcome: 'not-found' });
      }
      const release = settlingHold('release', request, { isDegraded: false, takenAt: at });
      expect(await settled(later, release)).toEqual(['voided']);
      expect(await unitsOf(later, counters[0]!)).toEqual([[0, 2]]);
    });

    it('is another one than that which freed the id, also where a node had decided it', async () => {
      const { at } = await reserved(store, request);
      expect(await endedAt(at, 'release')).toBe('ended');
      const later = await scene().underTest.at(NOON + MINUTE_MS / 2);
      const again = reserving(counters, { id: request.operation.id, amount: 2 });
      const decided = settlingHold('hold', again, { takenAt: NOON + MINUTE_MS / 3 });
      expect(await settled(later, decided)).toEqual(['counted']);
      const stale = { ...ending(request, { kind: 'release' }), takenAt: at };
      expect(await later.endHold(stale)).toEqual({ outcome: 'not-found' });
      expect(await unitsOf(later, counters[0]!)).toEqual([[0, 2]]);
    });

    it.each(['a reserve', 'a check', 'a check that a node had decided'] as const)(
      'is another one than that which freed the id, also where %s between them was voided',
      async (between) => {
        const { id } = request.operation;
        const { at } = await reserved(store, request);
        expect(await endedAt(at, 'release')).toBe('ended');
        const later = await scene().underTest.at(NOON + MINUTE_MS / 2);
        const terms = { id, amount: 2 };
        const { hold, ...check } = reserving(counters, terms);
        const isCheck = between !== 'a reserve';
        const asked = isCheck ? check : { ...check, hold: hold! };
        if (between === 'a check that a node had decided')
          expect(await settled(later, settling('count', asked))).toEqual(['counted']);
        else expect((await later.take(asked)).outcome).toBe('taken');
        const voided = isCheck ? settling('void', asked) : settlingHold('void', asked);
        expect(await settled(later, voided)).toEqual(['reversed']);
        await reserved(later, reserving(counters, terms));
        const stale = { ...ending(request, { kind: 'release' }), takenAt: at };
        expect(await later.endHold(stale)).toEqual({ outcome: 'not-found' });
        expect(await unitsOf(later, counters[0]!)).toEqual([[0, 2]]);
      },
    );

    it('is another one than that which freed the id, also after more voided attempts than are remembered', async () => {
      const { at } = await reserved(store, request);
      expect(await endedAt(at, 'release')).toBe('ended');
      const later = await scene().underTest.at(NOON + MINUTE_MS / 2);
      const again = () => reserving(counters, { id: request.operation.id, amount: 2 });
      await reserved(later, again());
      const voids = Array.from({ length: 100 }, () => settlingHold('void', again()));
      expect(new Set(await settled(later, ...voids))).toEqual(new Set(['voided']));
      const stale = { ...ending(request, { kind: 'release' }), takenAt: at };
      expect(await later.endHold(stale)).toEqual({ outcome: 'not-found' });
      expect(await unitsOf(later, counters[0]!)).toEqual([[0, 2]]);
    });

    it('is another one than that of which the release was settled again after a loss of data', async () => {
      await settled(store, settlingHold('hold', request, { ...lost, takenAt: SECOND }));
      expect(await settled(store, settlingHold('release', request, lost))).toEqual(['voided']);
      expect(await endedAt(FIRST, 'release')).toBe('not-found');
      expect(await endedAt(FIRST, 'commit')).toBe('not-found');
      expect(await unitsOf(store, counters[0]!)).toEqual([[0, 2]]);
      expect(await endedAt(SECOND, 'commit')).toBe('ended');
    });
  });
}
