import type { Channel } from './alarm-signal.js';

/** The `capacity` channels that failed last, each with its last failure, the latest first. */
export class RecentChannels {
  readonly #failures: { readonly channel: Channel; readonly at: number }[] = [];

  constructor(private readonly capacity: number) {}

  failed(channel: Channel, at: number): void {
    const known = this.#failures.findIndex((failure) => isSame(failure.channel, channel));
    if (known >= 0) this.#failures.splice(known, 1);
    else if (this.#failures.length === this.capacity) this.#failures.pop();
    this.#failures.unshift({ channel, at });
  }

  /** Since when `capacity` different channels have failed; undefined while fewer ever did. */
  get since(): number | undefined {
    return this.#failures.length < this.capacity ? undefined : this.#failures.at(-1)?.at;
  }

  get names(): readonly string[] {
    return this.#failures.map(({ channel: { resource, dependency } }) => `${resource} on ${dependency}`);
  }
}

function isSame(a: Channel, b: Channel): boolean {
  return a.resource === b.resource && a.dependency === b.dependency;
}
