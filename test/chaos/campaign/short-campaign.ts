import { expect, it } from '@jest/globals';
import { run } from './campaign.js';
import type { TopologyName } from './options.js';

const LIMIT_MS = 150_000;

/**
 * What `npm run campaigns` has of `npm run chaos`, with services as processes of their own. It judges the counters and that no call
 * failed; how long callers wait is judged where nothing else runs beside it.
 */
export function itKeepsTheCounters(
  topology: TopologyName,
  { seed, experiments }: { seed: number; experiments: number },
) {
  it(
    `counts what was allowed, whatever happens with seed ${seed}`,
    async () => {
      const plan = {
        seeds: [seed],
        topologies: [topology],
        faults: undefined,
        out: undefined,
        publishes: false,
      };
      const lines: string[] = [];
      const { findings, stories, leftOut } = await run(
        { ...plan, experiments: { standalone: experiments, sentinel: experiments, cluster: experiments } },
        (line) => lines.push(line),
      );
      expect({ stories, leftOut, lines }).toEqual({ stories: [], leftOut: [], lines });
      const faults = findings.filter(({ calls }) => calls > 300);
      expect(faults).toHaveLength(experiments);
      expect(faults.filter(({ degraded }) => degraded > 0)).not.toEqual([]);
    },
    LIMIT_MS,
  );
}
