import { describe, expect, it } from '@jest/globals';
import { GUARDS, type Guard } from './reservation-model.js';
import { explore } from './reservation-model-explorer.js';
import type { Scenario } from './reservation-model-world.js';

const units = (max: number) => ({ meter: 'units', max, window: 'day' });
const FOR_EVER = 99;

/** Small worlds, which together have all that can happen. */
const SCENARIOS = {
  'two checks, asked twice, and replies are lost': {
    ...{ limits: [units(1)], day: 2, lastInstant: 2, faults: 2 },
    ...{ rememberFor: FOR_EVER, rememberSettledFor: FOR_EVER },
    plans: [
      { verb: 'take', amounts: { units: 1 }, attempts: 2 },
      { verb: 'take', amounts: { units: 1 }, attempts: 1 },
    ],
  },
  'two reservations over midnight': {
    ...{ limits: [units(2)], day: 2, lastInstant: 3, faults: 1 },
    ...{ rememberFor: FOR_EVER, rememberSettledFor: FOR_EVER },
    plans: [
      {
        ...{ verb: 'hold', amounts: { units: 1 }, ttl: 2, attempts: 2, endings: 1 },
        ...{ commits: [{ units: 2 }], releases: true },
      },
      {
        verb: 'hold',
        amounts: { units: 1 },
        ttl: 1,
        onExpiry: 'commit',
        attempts: 1,
        endings: 1,
        commits: [{ units: 0 }],
        releases: true,
      },
    ],
  },
  'calls, tokens and one at once': {
    limits: [
      units(2),
      { meter: 'tokens', max: 3, window: 'day' },
      { meter: 'units', max: 1, window: 'concurrent' },
    ],
    ...{ day: 2, lastInstant: 2, faults: 1 },
    ...{ rememberFor: FOR_EVER, rememberSettledFor: FOR_EVER },
    plans: [
      {
        ...{ verb: 'hold', amounts: { units: 1, tokens: 2 }, ttl: 1, attempts: 1, endings: 1 },
        ...{ commits: [{ tokens: 1 }], releases: true, extendsTo: { amounts: { tokens: 3 }, ttl: 2 } },
      },
      {
        verb: 'hold',
        amounts: { units: 1, tokens: 1 },
        ttl: 2,
        attempts: 1,
        endings: 1,
        commits: [{ tokens: 2 }],
      },
      { verb: 'take', amounts: { units: 1, tokens: 2 }, attempts: 1 },
    ],
  },
  'endings that are repeated, opposite, or of the reservation before': {
    ...{ limits: [units(1)], day: 9, lastInstant: 2, faults: 1 },
    ...{ rememberFor: FOR_EVER, rememberSettledFor: FOR_EVER },
    plans: [
      {
        ...{ verb: 'hold', amounts: { units: 1 }, ttl: 2, attempts: 2, endings: 3 },
        ...{ commits: [{}], releases: true },
      },
    ],
  },
  refunds: {
    ...{ limits: [units(2)], day: 9, lastInstant: 1, faults: 1 },
    ...{ rememberFor: FOR_EVER, rememberSettledFor: FOR_EVER },
    plans: [
      { verb: 'take', amounts: { units: 1 }, attempts: 2, refunds: 2 },
      {
        ...{ verb: 'hold', amounts: { units: 1 }, ttl: 1, onExpiry: 'commit', attempts: 1 },
        ...{ endings: 1, commits: [{}], refunds: 1 },
      },
    ],
  },
  'a pack beside the window': {
    limits: [units(1), { meter: 'units', max: 2, window: 'pack' }],
    ...{ day: 2, lastInstant: 2, faults: 1 },
    ...{ rememberFor: FOR_EVER, rememberSettledFor: FOR_EVER },
    plans: [
      {
        ...{ verb: 'hold', amounts: { units: 2 }, ttl: 1, attempts: 1, endings: 1 },
        ...{ commits: [{ units: 1 }, { units: 3 }], releases: true, refunds: 1 },
      },
      { verb: 'take', amounts: { units: 2 }, attempts: 1, refunds: 1 },
    ],
  },
  'a store that soon forgets': {
    ...{ limits: [units(2)], day: 9, lastInstant: 3, faults: 1, rememberFor: 1, rememberSettledFor: 2 },
    plans: [
      { verb: 'take', amounts: { units: 1 }, attempts: 1 },
      {
        verb: 'hold',
        amounts: { units: 1 },
        ttl: 1,
        onExpiry: 'commit',
        attempts: 1,
        endings: 1,
        commits: [{ units: 2 }],
        releases: true,
      },
      { verb: 'hold', amounts: { units: 1 }, ttl: 2, attempts: 1, endings: 1, commits: [{}] },
    ],
  },
} as const satisfies Record<string, Scenario>;
type Name = keyof typeof SCENARIOS;

/** Where it shows what each guard is for, and what goes wrong. */
const SHOWN: Readonly<Record<Guard, readonly [Name, RegExp]>> = {
  'no more than there is room for': ['two checks, asked twice, and replies are lost', /^I1/],
  'what is held takes room': ['calls, tokens and one at once', /^I1/],
  'all limits or none': ['calls, tokens and one at once', /^I/],
  'holds expire when they are looked at': ['calls, tokens and one at once', /^I15/],
  'expiry comes before room is judged': ['calls, tokens and one at once', /^Refused/],
  'an operation counts once': ['two checks, asked twice, and replies are lost', /^I2/],
  'a voided attempt never runs': ['two checks, asked twice, and replies are lost', /^I2/],
  'no take after its deadline': ['a store that soon forgets', /^I2/],
  'a void touches no other attempt': ['two checks, asked twice, and replies are lost', /^I2/],
  'units go back to the window they came from': ['two reservations over midnight', /^I/],
  'an ending ends its own reservation': [
    'endings that are repeated, opposite, or of the reservation before',
    /^I/,
  ],
  'a reservation ends once': ['endings that are repeated, opposite, or of the reservation before', /^I/],
  'what was given back is not placed again': [
    'endings that are repeated, opposite, or of the reservation before',
    /^I/,
  ],
  'a late commit corrects what expiry left': ['two reservations over midnight', /^I2/],
  'a release in time undoes what expiry counted': ['two reservations over midnight', /^I2/],
  'an unknown reservation was left by its expiry': ['a store that soon forgets', /^I/],
  'an operation is refunded once': ['refunds', /^I2/],
  'a refunded operation never counts': ['refunds', /^I2/],
  'windows come before packs': ['a pack beside the window', /^A pack gave/],
  'a pack gives what it has, and no more': ['a pack beside the window', /^I1/],
  'units go back to the pack they came from': ['a pack beside the window', /^I/],
  'a commit charges windows first': ['a pack beside the window', /^I/],
};

describe('Reservations, in every order of events', () => {
  const met = new Set<string>();

  it.each(Object.keys(SCENARIOS) as Name[])('keep the counters exact: %s', (name) => {
    const { violation, way, states, met: labels } = explore(SCENARIOS[name]);
    expect({ violation, way }).toEqual({ violation: undefined, way: [] });
    expect(states).toBeGreaterThan(500);
    for (const label of labels) met.add(label);
  });

  it('have come to everything that the model knows', () => {
    const outcomes: Record<string, Set<string>> = {};
    for (const label of met) {
      const [, verb, outcome] = /(\w+) (?:is answered|arrives late:|is settled:) ([a-z-]+)/.exec(label) ?? [];
      if (verb && outcome) (outcomes[verb] ??= new Set()).add(outcome);
    }
    expect(outcomes).toEqual({
      take: new Set(['taken', 'refused', 'replayed', 'expired', 'refunded']),
      hold: new Set(['taken', 'refused', 'replayed', 'expired', 'counted', 'already-counted', 'refunded']),
      commit: new Set(['committed', 'ended', 'not-found', 'released', 'refunded']),
      release: new Set(['released', 'expired', 'ended', 'not-found', 'committed', 'voided']),
      count: new Set(['counted', 'already-counted', 'refunded']),
      void: new Set(['reversed', 'voided']),
      refund: new Set(['refunded', 'held', 'not-found']),
    });
  });

  it.each(GUARDS)('need this: %s', (guard) => {
    const [name, violation] = SHOWN[guard];
    expect(explore(SCENARIOS[name], guard).violation).toMatch(violation);
  });
});
