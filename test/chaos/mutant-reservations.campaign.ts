import { beforeAll, describe, expect, it } from '@jest/globals';
import { inTurns } from '../support/in-turns.js';
import { Auditor } from './harness/auditor.js';
import { HISTORY_RULES, RESOURCES } from './harness/histories/history-load.js';
import { startStandalone } from './harness/histories/history-site.js';
import { playRound } from './harness/histories/play-histories.js';
import { brokenIn, type Broken } from './harness/invariants.js';
import { mutant, type Mutation } from './harness/mutant-store.js';
import {
  COMMITS_TWICE,
  FORGETS_ENDINGS,
  HOLDS_TOO_MUCH,
  NEVER_EXPIRES,
  NEVER_REFUNDS,
  RELEASES_INTO_NOW,
} from './harness/reservations/mutations.js';
import { letTheMinuteEndIn } from './harness/rules.js';
import { stopAll } from './harness/sites/start-nodes.js';
import { story } from './harness/story.js';

const HISTORIES = 4;
const TOGETHER = 3;
/** While the histories are played: units are then released in another minute than they were taken in. */
const MINUTE_ENDS_IN_MS = 2_200;

interface Mutant {
  readonly what: string;
  readonly mutation: Mutation;
  /** The judge that finds it. */
  readonly finds: keyof Broken;
  readonly resources?: readonly string[];
  readonly histories?: number;
}

const MUTANTS: readonly Mutant[] = [
  { what: 'counts what is committed twice', mutation: COMMITS_TWICE, finds: 'i2' },
  {
    what: 'gives back into the window of now',
    mutation: RELEASES_INTO_NOW,
    finds: 'i2',
    resources: ['brief'],
  },
  // One reservation in ten is left to expire, if it was allowed.
  { what: 'goes on holding what has expired', mutation: NEVER_EXPIRES, finds: 'i15', histories: 12 },
  // All calls of a user are about one rule, so that they ask for more than there is room for.
  {
    what: 'holds more than there is room for',
    mutation: HOLDS_TOO_MUCH,
    finds: 'i1',
    resources: ['llm'],
    histories: 8,
  },
  { what: 'forgets how a reservation has ended', mutation: FORGETS_ENDINGS, finds: 'i13' },
  { what: 'refunds nothing', mutation: NEVER_REFUNDS, finds: 'i2' },
];
const SOUND: Mutant = { what: 'is sound', mutation: () => ({}), finds: 'i2' };

/** The judge of the campaign, on stores that lack something that keeps reservations right. */
describe('A judge of reservations', () => {
  const found = new Map<string, { readonly broken: readonly Broken[]; readonly reports: string }>();
  beforeAll(async () => {
    letTheMinuteEndIn(MINUTE_ENDS_IN_MS);
    // What a busy machine decides without the store, no mutant of the store gets wrong.
    await inTurns([...[...MUTANTS, SOUND].entries()], TOGETHER, async ([index, one]) => {
      const judged = await judgedOf(one, index);
      const reports = judged.map(story).join('\n');
      found.set(one.what, { broken: judged.map(brokenIn), reports });
    });
  }, 90_000);

  async function judgedOf({ mutation, resources = RESOURCES, histories = HISTORIES }: Mutant, index: number) {
    const site = await startStandalone({ rules: HISTORY_RULES, asked: (store) => mutant(store, mutation) });
    const auditor = new Auditor(site.auditTarget, HISTORY_RULES);
    const seeds = Array.from({ length: histories }, (_, history) => 1 + 100 * index + history);
    try {
      return await playRound({ site, auditor, seeds, faults: 'none', resources });
    } finally {
      await stopAll({ stop: () => auditor.close() }, site);
    }
  }

  it('finds nothing wrong with a sound store', () => {
    const { broken, reports } = found.get(SOUND.what)!;
    const nothing = { i1: 0, i2: 0, i5: 0, i13: 0, i15: 0, i16: 0 };
    expect({ broken, reports }).toEqual({ broken: broken.map(() => nothing), reports });
  });

  it.each(MUTANTS)('finds a store that $what', ({ what, finds }) => {
    const { broken } = found.get(what)!;
    expect(broken.reduce((sum, each) => sum + each[finds], 0)).toBeGreaterThan(0);
  });
});
