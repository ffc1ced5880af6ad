import { middleOfAYearOffsetMs } from '../rules.js';
import { ServiceNode } from '../service-node.js';

type Environment = Readonly<Record<string, string>>;

/** Starts a service for each environment; when one does not start, none is left running. */
export async function startNodes(environments: readonly Environment[]): Promise<ServiceNode[]> {
  const offset = String(middleOfAYearOffsetMs());
  const starting = environments.map((env, index) =>
    ServiceNode.start(`node ${index + 1}`, { SUNDIAL_CLOCK_OFFSET_MS: offset, ...env }),
  );
  const started = await Promise.allSettled(starting);
  const nodes = started.flatMap((node) => (node.status === 'fulfilled' ? [node.value] : []));
  const failure = started.find((node) => node.status === 'rejected');
  if (!failure) return nodes;
  await stopAll(...nodes);
  throw failure.reason;
}

/** Ends all of them, also when one cannot be ended. */
export async function stopAll(...processes: readonly { stop(): unknown }[]): Promise<void> {
  await Promise.allSettled(processes.map(async (process) => process.stop()));
}
