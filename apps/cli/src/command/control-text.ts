import type { ControlWritten } from '@sundial/contract';

/** How far a gate, a brake or a drill has come. */
export function controlText({ nodes, stored }: ControlWritten): string {
  if (!stored)
    return 'The store is away: it is in force on the node that answered, and on the others when the store is back. Set it on each node now.';
  const { live, applied } = nodes;
  return live === applied
    ? `It is in force on ${live === 1 ? 'the one live node' : `all ${live} live nodes`}.`
    : `It is in force on ${applied} of ${live} live nodes; the others follow within seconds.`;
}
