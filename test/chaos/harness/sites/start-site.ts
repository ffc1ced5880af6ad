import type { Site, Topology } from './site.js';

const MAX_STARTS = 3;

/**
 * Starts the servers of a topology; `retried` gets a line for each start that failed. A busy machine may take longer
 * than a start is waited for: that is no finding about Sundial.
 * @throws Error that names the topology and what did not start, after the last try.
 */
export async function startSite<S extends Site>(
  topology: Pick<Topology<S>, 'name' | 'start'>,
  retried: (line: string) => void = () => undefined,
): Promise<S> {
  for (let tries = 1; ; tries++) {
    try {
      return await topology.start();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      if (tries === MAX_STARTS)
        throw new Error(`${topology.name} did not start in ${MAX_STARTS} tries: ${why}`, { cause });
      retried(`${topology.name} did not start and is started again: ${why}`);
    }
  }
}
