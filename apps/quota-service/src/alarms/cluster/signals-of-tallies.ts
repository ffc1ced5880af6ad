import type { AlarmSignal } from '../evaluators/alarm-signal.js';
import type { ChannelTally, NodeTally } from './node-tally.js';

/** No pattern asks for more failures; it bounds what the node that judges has to do. */
const MAX_FAILURES = 1_000;

/**
 * What nodes saw in one interval as the signals of one evaluator. The order of a node's rows of failures is kept as far as patterns see it; between
 * nodes it is not known, so what could be one row is one: first those that began before, last those that may go on.
 */
export function* signalsOf(tallies: readonly NodeTally[]): Generator<AlarmSignal> {
  const channels = tallies.flatMap((tally) => tally.channels);
  for (const tally of channels) yield* failures(tally, tally.first);
  for (const tally of channels) yield* between(tally);
  for (const { resource, dependency, allowed, denied, holds } of channels) {
    const channel = { resource, dependency };
    if (allowed + denied > 0) yield { kind: 'decided', channel, allowed, denied };
    if (holds > 0) yield { kind: 'holds-expired', channel, holds };
  }
  for (const tally of channels) yield* failures(tally, tally.last);
  const refusals = tallies.reduce((sum, { refusedKeys }) => sum + refusedKeys, 0);
  if (refusals > 0) yield { kind: 'keys-refused', refusals };
}

/** From the first success to the last one: there are rows enough for no row to be longer than the longest. */
function* between(tally: ChannelTally): Generator<AlarmSignal> {
  const { resource, dependency, longest } = tally;
  const channel = { resource, dependency };
  let { succeeded } = tally;
  let failed = Math.min(MAX_FAILURES, tally.failed - tally.first - tally.last);
  for (; failed > 0; failed -= longest) {
    yield { kind: 'succeeded', channel, count: 1 };
    yield* failures(tally, Math.min(longest, failed));
    succeeded--;
  }
  if (succeeded > 0) yield { kind: 'succeeded', channel, count: succeeded };
}

function* failures({ resource, dependency }: ChannelTally, count: number): Generator<AlarmSignal> {
  const channel = { resource, dependency };
  for (let done = 0; done < Math.min(count, MAX_FAILURES); done++) yield { kind: 'failed', channel };
}
