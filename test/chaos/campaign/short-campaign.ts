import { expect, it } from '@jest/globals';
import { run } from './campaign.js';
import type { TopologyName } from './options.js';

const LIMIT_MS = 150_000;

/**
 * What `npm test` has of `npm run chaos`, with services as processes of their own. It judges the books and that no call
 * failed; how long callers wait is judged where nothing else runs beside it.
 */
export function itKeepsTheBooks(
  topology: TopologyName,
  { seed, episodes }: { seed: number; episodes: number },
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
      const told: string[] = [];
      const { findings, stories } = await run(
        { ...plan, episodes: { standalone: episodes, sentinel: episodes, cluster: episodes } },
        (line) => told.push(line),
      );
      expect({ stories, told }).toEqual({ stories: [], told });
      const faults = findings.filter(({ calls }) => calls > 300);
      expect(faults).toHaveLength(episodes);
      expect(faults.filter(({ degraded }) => degraded > 0)).not.toEqual([]);
    },
    LIMIT_MS,
  );
}
