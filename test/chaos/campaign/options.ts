import { parseArgs } from 'node:util';

const TOPOLOGIES = ['standalone', 'sentinel', 'cluster'] as const;
export type TopologyName = (typeof TOPOLOGIES)[number];

/** What a campaign is to do. */
export interface Plan {
  /** Consecutive ones, each on every topology. */
  readonly seeds: readonly number[];
  readonly topologies: readonly TopologyName[];
  /** Only faults whose names contain one of these. */
  readonly faults: readonly string[] | undefined;
  /** How many faults a seed brings over each topology. */
  readonly experiments: Readonly<Record<TopologyName, number>>;
  /** Where the table goes beside the terminal. */
  readonly out: string | undefined;
  /** The table goes into docs/chaos.md. */
  readonly publishes: boolean;
}

const DEFAULT_MINUTES = 3;
const SEEDS_A_MINUTE = 0.6;
/** What a site takes to start, and one fault with what comes before and after it. */
const START_S: Readonly<Record<TopologyName, number>> = { standalone: 4, sentinel: 5, cluster: 6 };
const EXPERIMENT_S: Readonly<Record<TopologyName, number>> = { standalone: 4.8, sentinel: 6.5, cluster: 7 };
/** Most faults are those of a single server and its network. */
const SHARE: Readonly<Record<TopologyName, number>> = { standalone: 2, sentinel: 1, cluster: 1 };

/** What may be asked; `names` are those of the faults. */
export function usage(names: readonly string[]): string {
  return `npm run chaos -- [options]

  --minutes N     about how long it takes (${DEFAULT_MINUTES})
  --seed N        the first seed (1); the same seed brings the same faults and the same calls
  --seeds N       how many, one after the other (as many as fit into the minutes)
  --topology T    ${TOPOLOGIES.join(', ')} or all (all)
  --experiments N faults of each seed on each topology (as many as fit into the minutes)
  --faults A,B    only faults whose names contain one of these
  --out FILE      keep the table there
  --publish       write the table into docs/chaos.md

It ends with 1 when an invariant was broken, and prints what repeats it.

Faults:
  ${names.join('\n  ')}`;
}

/** @throws Error whose message says what may be asked; `names` are those of the faults. */
export function readPlan(args: readonly string[], names: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      seeds: { type: 'string' },
      minutes: { type: 'string' },
      topology: { type: 'string', default: 'all' },
      faults: { type: 'string' },
      experiments: { type: 'string' },
      out: { type: 'string' },
      publish: { type: 'boolean', default: false },
    },
  });
  const minutes = numberOf('minutes', values.minutes ?? String(DEFAULT_MINUTES));
  const first = numberOf('seed', values.seed, { orZero: true });
  const isReplay = values.experiments !== undefined && values.minutes === undefined;
  const count = Math.ceil(
    values.seeds === undefined ? (isReplay ? 1 : minutes * SEEDS_A_MINUTE) : numberOf('seeds', values.seeds),
  );
  const topologies = topologiesOf(values.topology);
  const experiments =
    values.experiments === undefined ? undefined : numberOf('experiments', values.experiments);
  return {
    seeds: Array.from({ length: count }, (_, index) => first + index),
    topologies,
    faults: values.faults === undefined ? undefined : faultsOf(values.faults, names),
    experiments: experimentsOf(experiments, { secondsASeed: (60 * minutes) / count, topologies }),
    out: values.out,
    publishes: values.publish,
  };
}

function faultsOf(text: string, names: readonly string[]): readonly string[] {
  const parts = text.split(',').map((part) => part.trim());
  const unknown = parts.find((part) => !names.some((name) => name.includes(part)));
  if (unknown === undefined) return parts;
  throw new Error(`--faults are parts of these names, not "${unknown}":\n  ${names.join('\n  ')}`);
}

function topologiesOf(name: string): readonly TopologyName[] {
  if (name === 'all') return TOPOLOGIES;
  const topology = TOPOLOGIES.find((one) => one === name);
  if (!topology) throw new Error(`--topology is one of ${TOPOLOGIES.join(', ')} or all, not "${name}".`);
  return [topology];
}

function experimentsOf(
  experiments: number | undefined,
  { secondsASeed, topologies }: { secondsASeed: number; topologies: readonly TopologyName[] },
): Record<TopologyName, number> {
  const shares = topologies.reduce((sum, topology) => sum + SHARE[topology], 0);
  const fitting = (topology: TopologyName) => {
    const seconds = (secondsASeed * SHARE[topology]) / shares;
    return Math.max(1, Math.floor((seconds - START_S[topology]) / EXPERIMENT_S[topology]));
  };
  const entries = TOPOLOGIES.map((topology) => [topology, experiments ?? fitting(topology)] as const);
  return Object.fromEntries(entries) as Record<TopologyName, number>;
}

function numberOf(option: string, text: string, { orZero = false } = {}): number {
  const value = Number(text);
  if (Number.isFinite(value) && (value > 0 || (orZero && value === 0))) return value;
  throw new Error(`--${option} is a number above 0${orZero ? ' or 0' : ''}, not "${text}".`);
}
