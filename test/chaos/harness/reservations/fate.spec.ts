import { describe, expect, it } from '@jest/globals';
import type { Amounts, Reservation } from '@sundial/contract';
import type { Attempt } from '../history.js';
import { middleOfAYearOffsetMs } from '../rules.js';
import type { Operation } from '../workload.js';
import type { Asking, Ending } from './ending.js';
import { fateOf, type Fate } from './fate.js';
import { peakOf } from './stays.js';

const TTL_MS = 1_000;
const operation = (onExpiry: 'release' | 'commit'): Operation => ({
  ...{ resource: 'llm', subject: { user: 'u' }, operationId: 'a' },
  ...{ amount: 2, amounts: { tokens: 10 }, hold: { ttlMs: TTL_MS, onExpiry } },
});
const NOW = performance.now();

function held(onExpiry: 'release' | 'commit' = 'release'): Attempt {
  const expiresAt = new Date(Date.now() + middleOfAYearOffsetMs() + TTL_MS).toISOString();
  const reservation = { id: 'r', state: 'held', expiresAt } as Reservation;
  const decision = { allowed: true, replayed: false, degraded: null, limits: [], reservation };
  const answer = { kind: 'decided', decision } as unknown as Attempt['answer'];
  return { operation: operation(onExpiry), node: 'n', sentAt: NOW, endedAt: NOW, answer };
}

interface Said {
  readonly late?: true;
  readonly degraded?: { readonly cause: 'timeout' };
}

function asking(ending: Ending, said: Said = {}): Asking {
  const { late, degraded = null } = said;
  const when = { node: 'n', sentAt: NOW + 100, endedAt: NOW + 110, isContrary: false };
  const body = { reservation: { ...(late && { late }) }, limits: [], degraded } as never;
  const kind = ending.verb === 'refund' ? 'refunded' : ending.verb === 'extend' ? 'extended' : 'ended';
  const extended = { allowed: true, degraded } as never;
  const answer = {
    kind,
    body: kind === 'extended' ? extended : kind === 'refunded' ? { amounts: {} } : body,
  };
  return { ending, operation: operation('release'), answer: answer as Asking['answer'], ...when };
}

const commit = (amounts: { amount?: number; amounts?: Amounts } = {}): Ending => ({
  verb: 'commit',
  id: 'r',
  body: amounts,
});
const fate = (askings: readonly Asking[], onExpiry: 'release' | 'commit' = 'release'): Fate =>
  fateOf(operation(onExpiry), [held(onExpiry)], askings);

describe('What a reservation comes to', () => {
  it('is what was committed of it, and what was not named as held; more is marked', () => {
    const ended = fate([asking(commit({ amounts: { tokens: 25 } }))]);
    expect(ended).toMatchObject({
      counted: { units: 2, tokens: 25 },
      marked: { units: 0, tokens: 15 },
      stays: { units: 2, tokens: 10 },
      certainUntil: NOW + 100,
    });
  });

  it('is nothing when it is released, expires released, or is refunded', () => {
    const refund: Ending = {
      verb: 'refund',
      body: { resource: 'llm', subject: { user: 'u' }, operationId: 'a' },
    };
    const fates = [
      fate([asking({ verb: 'release', id: 'r' })]),
      fate([]),
      fate([asking(commit()), asking(refund)]),
    ];
    expect(fates.map(({ counted }) => counted)).toEqual([{}, {}, {}]);
  });

  it('is what it held when its expiry commits it', () => {
    expect(fate([], 'commit')).toMatchObject({ counted: { units: 2, tokens: 10 }, marked: {} });
  });

  it('has the units of an extension, which are there from its answer on', () => {
    const extend: Ending = { verb: 'extend', id: 'r', body: { amounts: { tokens: 30 } } };
    const ended = fate([asking(extend), asking(commit())]);
    expect(ended).toMatchObject({
      added: { units: { units: 0, tokens: 20 }, from: NOW + 110 },
      counted: { units: 2, tokens: 30 },
      marked: { tokens: 0 },
    });
  });

  it('is certain no longer than until its expiry, and after a late commit or one without the store not at all', () => {
    const late = fate([asking(commit(), { late: true })]);
    expect(late).toMatchObject({ marked: late.counted, stays: {} });
    const degraded = fate([asking(commit(), { degraded: { cause: 'timeout' } })]);
    expect(degraded).toMatchObject({ isEndedWithoutStore: true, stays: {} });
    expect(fate([]).certainUntil).toBeLessThan(NOW + TTL_MS);
  });
});

describe('The most units at once', () => {
  it('leaves out what is gone when another comes', () => {
    const stays = [
      { from: 0, to: 10, units: 3, askedAt: 0 },
      { from: 10, to: Infinity, units: 2, askedAt: 10 },
      { from: 5, to: 7, units: 4, askedAt: 5 },
    ];
    expect(peakOf(stays)).toBe(7);
    expect(peakOf(stays.slice(0, 2))).toBe(3);
  });
});
