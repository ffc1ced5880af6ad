import { describe, expect, it } from '@jest/globals';
import { Auditor, subjectsOf } from './harness/auditor.js';
import { runExperiment } from './harness/experiment.js';
import { type WitnessedEvent, witnessedOperations, witnessedUnits } from './harness/ledger-witness.js';
import { Load } from './harness/load.js';
import { RULES } from './harness/rules.js';
import { STANDALONE } from './harness/sites/standalone.js';
import { startSite } from './harness/sites/start-site.js';

const SEED = 7;
const LIMIT_MS = 90_000;

/** The ledger as a witness of a campaign: what it says was allowed is what is counted, whatever happened to Redis. */
describe('The ledgers of two nodes', () => {
  it.each(['Redis paused again and again', 'CLIENT KILL, 5 a second'])(
    'add up to the counters after: %s',
    async (wanted) => {
      const fault = STANDALONE.faults.find(({ name }) => name === wanted)!;
      const site = await startSite(STANDALONE);
      const auditor = new Auditor(site.auditTarget, RULES);
      try {
        const load = new Load(SEED, 'witness', true);
        const experiment = await runExperiment({ seed: SEED, name: 'witness', fault, site, load, auditor });
        expect(experiment.attempts.length).toBeGreaterThan(200);
        const subjects = subjectsOf(experiment.attempts);
        const events = new Map<string, WitnessedEvent>();
        for (const node of site.nodes)
          for (const { subject } of subjects)
            for (const event of await node.recorded(subject)) events.set(`${event.node} ${event.id}`, event);
        const operations = witnessedOperations([...events.values()]);
        const stored = await auditor.read(subjects);
        // Windows that end meanwhile count what the ledger still has.
        const lasting = [...stored.values()].filter(({ counter }) => counter.limit.startsWith('year '));
        expect(lasting.length).toBeGreaterThan(10);
        const wrong = lasting
          .map(({ counter, used }) => ({
            counter,
            used,
            recorded: witnessedUnits(counter, operations, RULES),
          }))
          .filter(({ used, recorded }) => used !== recorded);
        expect(wrong).toEqual([]);
      } finally {
        await auditor.close();
        await site.stop();
      }
    },
    LIMIT_MS,
  );
});
