import { describe, expect, it } from '@jest/globals';
import {
  A_WINDOW_A_ZONE,
  DOUBLES_PACKS,
  HIDES_PACKS,
  NEVER_CANCELS,
  OVERRIDES_LATE,
  TAKES_AGAIN,
  TAKES_TWICE,
} from '../harness/admin/mutations.js';
import { Auditor } from '../harness/auditor.js';
import { HISTORY_RULES } from '../harness/histories/history-load.js';
import { startStandalone } from '../harness/histories/history-site.js';
import { playRound } from '../harness/histories/play-histories.js';
import { brokenIn, type Broken } from '../harness/invariants.js';
import { mutant, type Mutation } from '../harness/mutant-store.js';
import { NEVER_REFUNDS } from '../harness/reservations/mutations.js';
import { ADMINISTERED } from '../harness/rules.js';
import { stopAll } from '../harness/sites/start-nodes.js';
import { story } from '../harness/story.js';

const HISTORIES = 20;

interface Mutant {
  readonly what: string;
  readonly mutation: Mutation;
  readonly finds: keyof Broken;
}

const MUTANTS: readonly Mutant[] = [
  { what: 'does not say what packs gave', mutation: HIDES_PACKS, finds: 'i2' },
  { what: 'gives twice what was bought', mutation: DOUBLES_PACKS, finds: 'i13' },
  { what: 'uses what was cancelled', mutation: NEVER_CANCELS, finds: 'i13' },
  { what: 'refunds nothing to packs', mutation: NEVER_REFUNDS, finds: 'i2' },
  { what: 'has overrides in force later than it says', mutation: OVERRIDES_LATE, finds: 'i13' },
  { what: 'opens a window for each zone', mutation: A_WINDOW_A_ZONE, finds: 'i2' },
  { what: 'takes twice from packs what they give', mutation: TAKES_TWICE, finds: 'i2' },
  { what: 'takes from packs again for what is repeated', mutation: TAKES_AGAIN, finds: 'i2' },
];

/** The histories with packs, overrides and changed zones, and their judge, on stores that lack what keeps them right. */
describe('A judge of packs, overrides and zones', () => {
  async function judgedOf(mutation: Mutation, index: number) {
    const site = await startStandalone({ rules: HISTORY_RULES, asked: (store) => mutant(store, mutation) });
    const auditor = new Auditor(site.auditTarget, HISTORY_RULES);
    const seeds = Array.from({ length: HISTORIES }, (_, history) => 1 + 100 * index + history);
    try {
      return await playRound({ site, auditor, seeds, faults: 'none', resources: ADMINISTERED });
    } finally {
      await stopAll({ stop: () => auditor.close() }, site);
    }
  }

  it('finds nothing wrong with a sound store', async () => {
    const judged = await judgedOf(() => ({}), 0);
    const nothing = { i1: 0, i2: 0, i5: 0, i13: 0, i15: 0, i16: 0 };
    const reports = judged.map(story);
    expect({ broken: judged.map(brokenIn), reports }).toEqual({ broken: judged.map(() => nothing), reports });
  }, 60_000);

  it.each(MUTANTS.map((one, index) => ({ ...one, index: index + 1 })))(
    'finds a store that $what',
    async ({ mutation, finds, index }) => {
      const broken = (await judgedOf(mutation, index)).map(brokenIn);
      expect(broken.reduce((sum, each) => sum + each[finds], 0)).toBeGreaterThan(0);
    },
    60_000,
  );
});
