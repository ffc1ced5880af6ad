import type { DrillFault } from '@sundial/contract';
import { table } from '../terminal/table.js';
import type { Step } from './steps/step.js';

/** What a part of the procedure has shown. `fault` is null while there was none. */
export interface Scenario {
  readonly scenario: string;
  readonly fault: DrillFault | null;
  readonly calls: number;
  readonly steps: readonly Step[];
}

/** What `sundial drill --json` prints. */
export interface DrillReport {
  readonly url: string;
  readonly resource: string;
  readonly passed: boolean;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly nodes: number;
  readonly scenarios: readonly Scenario[];
}

export function hasPassed(scenarios: readonly Scenario[]): boolean {
  return scenarios.every(({ steps }) => steps.every(({ passed }) => passed));
}

/** For people: a line for each step, and what to do in the end. */
export function drillTable({ resource, url, passed, scenarios, nodes, durationMs }: DrillReport): string {
  const rows = scenarios.flatMap(({ scenario, steps }) =>
    steps.map(({ step, passed: isOk, seen }) => [scenario, step, isOk ? 'ok' : 'FAILED', seen]),
  );
  const failed = rows.filter(([, , result]) => result !== 'ok').length;
  const where = `${resource} at ${url} (${nodes} ${nodes === 1 ? 'node' : 'nodes'}, ${Math.round(durationMs / 1_000)} s)`;
  const verdict = passed
    ? `The drill of ${where} passed: ${rows.length} steps.`
    : `The drill of ${where} FAILED: ${failed} of ${rows.length} steps. What each means: docs/disaster-drill.md.`;
  return `${table([['scenario', 'step', 'result', 'seen'], ...rows])}\n${verdict}\n`;
}
