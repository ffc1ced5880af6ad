import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Reservation, ReserveDecision } from '@sundial/contract';
import { HoldWatch } from './hold-watch.js';

const SECOND = 1_000;
const aHold = (id: string, expiresAt = SECOND, of: Partial<Reservation> = {}): Reservation => ({
  ...{ id, operationId: id, resource: 'ocr', subject: {}, amounts: { units: 1 }, state: 'held' },
  ...{ expiresAt: new Date(expiresAt).toISOString(), ...of },
});
const decision = (reservation: Reservation) =>
  ({ reservation, degraded: null, limits: [] }) as unknown as ReserveDecision & { reservation: Reservation };

let expired: string[];
let watch: HoldWatch;
let asked: string[];
/** What the store knows of a hold when it is asked. */
let state: Partial<Reservation>;
const store = {
  reservation: (id: string) => {
    asked.push(id);
    return Promise.resolve({ reservation: aHold(id, SECOND, state), limits: [], degraded: null });
  },
};
beforeEach(() => {
  [expired, asked, state] = [[], [], { state: 'expired' }];
  watch = new HoldWatch(({ id }) => expired.push(id));
});

const reserve = (id: string, expiresAt = SECOND, onExpiry?: 'commit') =>
  watch.decided(
    { resource: 'ocr', subject: {}, ...(onExpiry && { onExpiry }) },
    decision(aHold(id, expiresAt)),
  );
const end = (reservation: Reservation) =>
  watch.ended({ kind: 'commit' }, { reservation, limits: [], degraded: null });

describe('holds of a node', () => {
  it('that no call ends are looked at once, a second after their expiry', async () => {
    reserve('a');
    await watch.look(store, 2 * SECOND - 1);
    expect(asked).toEqual([]);
    await watch.look(store, 2 * SECOND);
    await watch.look(store, 9 * SECOND);
    expect([asked, expired]).toEqual([['a'], ['a']]);
  });

  it('are not asked for where they ended here, or are committed when they expire', async () => {
    reserve('ended');
    reserve('committing', SECOND, 'commit');
    end(aHold('ended', SECOND, { state: 'committed' }));
    await watch.look(store, 9 * SECOND);
    expect([asked, expired]).toEqual([[], []]);
  });

  it('have expired only where the store says so', async () => {
    reserve('a');
    state = { state: 'committed' };
    await watch.look(store, 9 * SECOND);
    expect([asked, expired]).toEqual([['a'], []]);
  });

  it('last longer when they are extended', async () => {
    reserve('a');
    watch.extended({}, decision(aHold('a', 5 * SECOND)));
    await watch.look(store, 5 * SECOND);
    expect(asked).toEqual([]);
    await watch.look(store, 6 * SECOND);
    expect(expired).toEqual(['a']);
  });

  it('that end too late have expired, once over all nodes', async () => {
    await watch.look(store, SECOND);
    reserve('here');
    const late = { state: 'committed', late: true } as const;
    end(aHold('here', SECOND, late));
    end(aHold('elsewhere, just now', SECOND, late));
    await watch.look(store, 3 * SECOND);
    // The node that made it has looked by now.
    end(aHold('elsewhere, long ago', SECOND, { state: 'expired' }));
    expect(expired).toEqual(['here', 'elsewhere, just now']);
  });

  it('are looked at a few at a time, and are 10,000 at most', async () => {
    for (let n = 0; n < 10_001; n++) reserve(`h${n}`, n < 30 ? SECOND : 99 * SECOND);
    await watch.look(store, 9 * SECOND);
    expect(expired).toHaveLength(20);
    await watch.look(store, 9 * SECOND);
    expect(expired).toHaveLength(30);
    for (let look = 0; look < 600; look++) await watch.look(store, 999 * SECOND);
    expect(expired).toHaveLength(10_000);
  });
});
