import { createHash } from 'node:crypto';
import type { CheckRequest, Quota } from '@sundial/contract';

const HOUR_MS = 60 * 60_000;
/** Subjects whose releases are counted at once; then those are forgotten that failed longest ago. About 8 MB. */
const MAX_SUBJECTS = 50_000;
/** A longer name is hashed. */
const MAX_NAME_LENGTH = 128;

/** How many failed calls gave their units back in this clock hour, by resource and subject, on this node. */
export class ReleaseCounts {
  #hour = NaN;
  /** In the order of their last release. */
  readonly #counts = new Map<string, number>();

  constructor(
    /** Epoch milliseconds. */
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** Counts one more release, unless there were `max` already. */
  mayRelease(request: Pick<CheckRequest, 'resource' | 'subject'>, max: number): boolean {
    this.#forgetPastHour();
    const name = nameOf(request);
    const count = this.#counts.get(name) ?? 0;
    this.#counts.delete(name);
    const isAllowed = count < max;
    if (this.#counts.size >= MAX_SUBJECTS) this.#counts.delete(this.#counts.keys().next().value!);
    this.#counts.set(name, isAllowed ? count + 1 : count);
    return isAllowed;
  }

  #forgetPastHour(): void {
    const hour = Math.floor(this.now() / HOUR_MS);
    if (hour === this.#hour) return;
    this.#hour = hour;
    this.#counts.clear();
  }
}

/** One for all guarded methods that ask the same quota: a resource may be used by several. */
export function releaseCountsOf(quota: Quota): ReleaseCounts {
  let counts = byQuota.get(quota);
  if (counts === undefined) byQuota.set(quota, (counts = new ReleaseCounts()));
  return counts;
}

const byQuota = new WeakMap<Quota, ReleaseCounts>();

function nameOf({ resource, subject }: Pick<CheckRequest, 'resource' | 'subject'>): string {
  const name = JSON.stringify([resource, Object.entries(subject).sort()]);
  return name.length <= MAX_NAME_LENGTH ? name : createHash('sha256').update(name).digest('base64url');
}
