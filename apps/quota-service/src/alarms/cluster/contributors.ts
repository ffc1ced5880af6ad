import type { Channel } from '../evaluators/alarm-signal.js';
import type { NodeTally } from './node-tally.js';
import { spanOf, type SharedPattern } from './shared-pattern.js';

type Seen = 'failed' | 'decided' | 'holds' | 'keys';

/** Which nodes saw what the patterns count, and when last. */
export class Contributors {
  readonly #seen = new Map<string, Map<string, number>>();

  note(node: string, { channels, refusedKeys }: NodeTally, at: number): void {
    for (const { failed, allowed, denied, holds, ...channel } of channels) {
      if (failed > 0) {
        this.#note(node, 'failed', channel, at);
        this.#note(node, 'failed', null, at);
      }
      if (allowed + denied > 0) this.#note(node, 'decided', channel, at);
      if (holds > 0) this.#note(node, 'holds', channel, at);
    }
    if (refusedKeys > 0) this.#note(node, 'keys', null, at);
  }

  /** In the time that the pattern looks at. */
  to(pattern: SharedPattern, channel: Channel | null, at: number): readonly string[] {
    const nodes = this.#seen.get(keyOf(seenBy(pattern), channel)) ?? [];
    const since = at - spanOf(pattern);
    return [...nodes].flatMap(([node, seenAt]) => (seenAt >= since ? [node] : [])).toSorted();
  }

  forget(before: number): void {
    for (const [key, nodes] of this.#seen) {
      for (const [node, seenAt] of nodes) if (seenAt < before) nodes.delete(node);
      if (nodes.size === 0) this.#seen.delete(key);
    }
  }

  #note(node: string, seen: Seen, channel: Channel | null, at: number): void {
    const key = keyOf(seen, channel);
    const nodes = this.#seen.get(key);
    if (nodes) nodes.set(node, at);
    else this.#seen.set(key, new Map([[node, at]]));
  }
}

function keyOf(seen: Seen, channel: Channel | null): string {
  return channel ? `${seen} ${channel.dependency} ${channel.resource}` : seen;
}

function seenBy({ kind }: SharedPattern): Seen {
  if (kind === 'refused-keys') return 'keys';
  if (kind === 'holds-expired') return 'holds';
  return kind === 'volume' || kind === 'refusal-rate' ? 'decided' : 'failed';
}
