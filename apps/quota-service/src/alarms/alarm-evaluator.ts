import type { AlarmSignal, Channel } from './evaluators/alarm-signal.js';
import { YESTERDAY_MS } from './evaluators/volume.js';
import { PATTERN_KINDS, type AlarmPattern } from './patterns/alarm-pattern.js';
import { Watch, type Notification } from './watch.js';

/** Channels watched at once, about 6 KB each. Rules have fewer resources almost always. */
export const MAX_CHANNELS = 4_096;
/** Stands for all channels beyond `MAX_CHANNELS`; no resource has this name. */
const OTHERS: Channel = { resource: '*', dependency: '*' };

/**
 * Judges signals by patterns, in memory and on this node alone: an alarm about Redis must not need Redis.
 *
 * `take` judges at once, so a number in a pattern is met at the very signal that meets it; `tick`, to be called a few
 * times a second, judges what only time changes. Times are monotonic milliseconds. Each is read when the call is made,
 * in one thread, so signals cannot arrive out of order.
 *
 * The first `MAX_CHANNELS` channels have a memory each. All others share one until one of those has been quiet for so
 * long that it is forgotten: no failure goes unnoticed, but a success of any of them ends their row of failures.
 */
export class AlarmEvaluator {
  readonly #channelPatterns: readonly AlarmPattern[];
  /** No pattern looks further back on a channel. */
  readonly #memoryMs: number;
  readonly #node: readonly Watch[];
  readonly #channels = new Map<string, WatchedChannel>();
  readonly #others: WatchedChannel;
  readonly #notify: (notification: Notification) => void;

  /** `beganAt`: since when every signal is taken; Infinity where some are left out for a day. */
  constructor(
    patterns: readonly AlarmPattern[],
    notify: (notification: Notification) => void,
    private readonly beganAt = 0,
  ) {
    const ofScope = (scope: 'channel' | 'node') =>
      patterns.filter(({ kind }) => PATTERN_KINDS[kind].scope === scope);
    this.#notify = notify;
    this.#channelPatterns = ofScope('channel');
    this.#memoryMs = Math.max(0, ...this.#channelPatterns.map(memoryMsOf));
    this.#node = ofScope('node').map((pattern) => new Watch(pattern, null, notify, beganAt));
    this.#others = this.#watch(OTHERS);
  }

  take(signal: AlarmSignal, at: number): void {
    if ('channel' in signal) {
      const { channel, watches } = this.#find(signal.channel, at);
      const known = channel === OTHERS ? { ...signal, channel } : signal;
      for (const watch of watches) watch.note(known, at);
      for (const watch of this.#node) watch.note(known, at);
    } else {
      for (const watch of this.#node) watch.note(signal, at);
    }
  }

  tick(at: number): void {
    for (const watch of this.#node) watch.judge(at);
    for (const watch of this.#others.watches) watch.judge(at);
    for (const [key, { watches, seenAt }] of this.#channels) {
      for (const watch of watches) watch.judge(at);
      if (at - seenAt > this.#memoryMs && !watches.some(({ isActive }) => isActive))
        this.#channels.delete(key);
    }
  }

  #find(channel: Channel, at: number): WatchedChannel {
    const key = `${channel.dependency} ${channel.resource}`;
    const known = this.#channels.get(key);
    if (known) {
      known.seenAt = at;
      return known;
    }
    if (this.#channels.size >= MAX_CHANNELS) return this.#others;
    const watched = this.#watch(channel, at);
    this.#channels.set(key, watched);
    return watched;
  }

  #watch(channel: Channel, seenAt = 0): WatchedChannel {
    const watches = this.#channelPatterns.map(
      (pattern) => new Watch(pattern, channel, this.#notify, this.beganAt),
    );
    return { channel, watches, seenAt };
  }
}

function memoryMsOf(pattern: AlarmPattern): number {
  if (pattern.kind === 'volume' && pattern.factor !== undefined) return YESTERDAY_MS;
  return 'withinMs' in pattern ? pattern.withinMs : 0;
}

interface WatchedChannel {
  readonly channel: Channel;
  readonly watches: readonly Watch[];
  /** When the latest signal of it came. */
  seenAt: number;
}
