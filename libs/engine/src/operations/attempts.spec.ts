import { describe, expect, it } from '@jest/globals';
import {
  afterTombstone,
  asVoided,
  hasAttempt,
  isVoided,
  liveAttempts,
  withAllowed,
  withAttempt,
  withVoided,
} from './attempts.js';

describe('the attempts of an operation', () => {
  it('are those whose callers rely on it, and those that must not count any more', () => {
    const voided = withVoided(withAttempt('a', 'b'), 'a');
    expect(voided).toBe('b,!a');
    expect([
      hasAttempt(voided, 'a'),
      hasAttempt(voided, 'b'),
      isVoided(voided, 'a'),
      isVoided(voided, 'b'),
    ]).toEqual([false, true, true, false]);
    expect(liveAttempts(voided)).toBe('b');
    expect(liveAttempts(withVoided(voided, 'b'))).toBe('');
  });

  it('take none twice, and a voided one only when its caller was answered that it counts', () => {
    expect(withAttempt('a,b', 'b')).toBe('a,b');
    expect(withVoided('!a', 'a')).toBe('!a');
    expect(withAttempt('b,!a', 'a')).toBe('b,!a');
    expect(withAllowed('b,!a', 'a')).toBe('b,a');
  });

  it('stay voided when another one takes the place of a tombstone', () => {
    expect(afterTombstone('c', '!a,!b')).toBe('c,!a,!b');
    expect(afterTombstone('a', '!a')).toBe('a');
    expect(afterTombstone('c', undefined)).toBe('c');
    // A version before this one kept a single one.
    expect(afterTombstone('c', 'a')).toBe('c,!a');
    expect(asVoided('a')).toBe('!a');
  });

  it('are bounded: the voided ones that came first make room', () => {
    let attempts = 'live';
    for (let n = 0; n < 1_000; n++) attempts = withVoided(attempts, `attempt-${n}`);
    expect(attempts.length).toBeLessThanOrEqual(1_001);
    expect(isVoided(attempts, 'attempt-999')).toBe(true);
    expect(liveAttempts(attempts)).toBe('live');
    for (let n = 0; n < 1_000; n++) attempts = withAttempt(attempts, `try-${n}`);
    expect(attempts.length).toBeLessThanOrEqual(1_001);
  });
});
