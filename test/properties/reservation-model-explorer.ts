import { hash } from 'node:crypto';
import type { Guard } from './reservation-model.js';
import { nextOf } from './reservation-model-steps.js';
import { beginning, shapeOf, violationOf, type Scenario, type World } from './reservation-model-world.js';

export interface Explored {
  readonly states: number;
  /** Labels of all steps that were made, without the operations' numbers and the instants. */
  readonly met: ReadonlySet<string>;
  /** What is wrong with the first world found that is wrong, and the shortest way there. */
  readonly violation?: string;
  readonly way: readonly string[];
}

/** A world whose successors are still to be made, and how it was reached. */
interface Reached {
  readonly world: World;
  readonly label: string;
  readonly from: Reached | undefined;
}

/** Makes every world that the scenario can come to, the nearest first, until one is wrong. */
export function explore(scenario: Scenario, without?: Guard): Explored {
  const shape = shapeOf(scenario, without);
  const [seen, met] = [new Set<string>(), new Set<string>()];
  let frontier: Reached[] = [{ world: beginning(scenario), label: 'the beginning', from: undefined }];
  while (frontier.length > 0) {
    const further: Reached[] = [];
    for (const from of frontier) {
      for (const { world, label, wrong } of nextOf(scenario, shape, from.world)) {
        met.add(label.replace(/^\d+: |\d+/, ''));
        const key = hash('sha1', JSON.stringify(world), 'base64');
        if (wrong === undefined && seen.has(key)) continue;
        seen.add(key);
        const reached = { world, label, from };
        const violation = wrong ?? violationOf(shape, world);
        if (violation !== undefined) return { states: seen.size, met, violation, way: wayTo(reached) };
        further.push(reached);
      }
    }
    frontier = further;
  }
  return { states: seen.size, met, way: [] };
}

function wayTo(reached: Reached): string[] {
  const way: string[] = [];
  for (let at: Reached | undefined = reached; at?.from; at = at.from) way.unshift(at.label);
  return way;
}
