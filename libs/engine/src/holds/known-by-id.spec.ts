import { describe, expect, it } from '@jest/globals';
import { REMEMBER_MS } from '../stores/take.js';
import { endById, type SaidById } from './known-by-id.js';

const AT = 1_795_000_000_000;
const said: SaidById = { at: AT, expiresAt: AT + 60_000, onExpiry: 'release', content: '1+tokens=xc' };
const committing: SaidById = { ...said, onExpiry: 'commit' };
const held = { units: 1, tokens: 1_200 };

describe('A reservation of which nothing is known but its id', () => {
  it('is held until it expires, and then what its expiry has made of it', () => {
    const look = (of: SaidById, now: number) => endById(of, { kind: 'look' }, now);
    expect(look(said, AT)).toMatchObject({ outcome: 'found', reservation: { state: 'held', amounts: held } });
    expect(look(said, AT + 59_999)).toMatchObject({ reservation: { state: 'held' } });
    expect(look(said, AT + 60_000)).toMatchObject({ reservation: { state: 'expired' } });
    expect(look(committing, AT + 60_000)).toMatchObject({
      reservation: { state: 'expired', committed: held },
    });
  });

  it('is committed with what is named, and as held otherwise; late after its expiry', () => {
    const commit = { kind: 'commit', amounts: { tokens: 7 } } as const;
    const reservation = { state: 'committed', committed: { units: 1, tokens: 7 }, late: false };
    expect(endById(said, commit, AT + 1)).toMatchObject({ outcome: 'ended', reservation });
    const ofNothing = endById(said, { kind: 'commit', amounts: { tokens: 0, cny_micros: 0 } }, AT + 1);
    expect(ofNothing).toMatchObject({ outcome: 'ended' });
    expect('reservation' in ofNothing && ofNothing.reservation.committed).toEqual({ units: 1, tokens: 0 });
    const late = endById(said, { kind: 'commit', amount: 0 }, AT + 60_000);
    expect(late).toMatchObject({ reservation: { committed: { units: 0, tokens: 1_200 }, late: true } });
  });

  it('is released, unless its expiry has committed it', () => {
    const release = { kind: 'release' } as const;
    expect(endById(said, release, AT)).toMatchObject({
      outcome: 'ended',
      reservation: { state: 'released' },
    });
    expect(endById(said, release, AT + 60_000)).toMatchObject({
      outcome: 'ended',
      reservation: { state: 'expired' },
    });
    expect(endById(committing, release, AT + 60_000)).toMatchObject({ outcome: 'ended-otherwise' });
  });

  it('can be prolonged only while it is held, and is not found when it is no longer remembered', () => {
    expect(endById(said, { kind: 'extend' }, AT + 60_000)).toMatchObject({ outcome: 'ended-otherwise' });
    const forgotten = AT + 60_000 + REMEMBER_MS;
    expect(endById(said, { kind: 'commit' }, forgotten)).toEqual({ outcome: 'not-found' });
    expect(endById(said, { kind: 'commit' }, forgotten - 1)).toMatchObject({ outcome: 'ended' });
  });
});
