import type { LimitState } from '@sundial/contract';

/**
 * The state of a limit for a test: what the test names, and for the rest an untouched limit of 10 a day in UTC. `max: null`
 * is an unlimited one.
 */
export function limitState(state: Partial<LimitState> = {}): LimitState {
  const { max = 10, used = 0, reserved = 0 } = state;
  const remaining = max === null ? null : Math.max(0, max - used - reserved);
  return {
    rule: 'fake',
    mode: 'enforce',
    window: 'day',
    meter: 'units',
    timeZone: 'UTC',
    max,
    source: 'rule',
    used,
    reserved,
    remaining,
    startsAt: '2026-01-01T00:00:00+00:00',
    resetsAt: '2026-01-02T00:00:00+00:00',
    exceeded: remaining === 0,
    ...state,
  };
}
