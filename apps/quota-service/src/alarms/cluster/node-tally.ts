import type { AlarmSignal, Channel } from '../evaluators/alarm-signal.js';

/** What a node saw of one channel in an interval. */
export interface ChannelTally extends Channel {
  succeeded: number;
  failed: number;
  /** Failures before the first success; 0 where there is none. */
  first: number;
  /** The longest row of failures between two successes. */
  longest: number;
  /** Failures after the last success. */
  last: number;
  allowed: number;
  denied: number;
  holds: number;
}

/** What a node saw in an interval. */
export interface NodeTally {
  readonly channels: readonly ChannelTally[];
  readonly refusedKeys: number;
}

/** Counted by themselves in one interval; further channels are one. It bounds the row that is written. */
const MAX_COUNTED = 512;
const OTHERS: Channel = { resource: '*', dependency: '*' };

/** Sums up what the node gives to its evaluator, until it is drained. */
export class TallyOfNode {
  #channels = new Map<string, ChannelTally>();
  #refusedKeys = 0;

  /** All other signals are about the node itself. */
  add(signal: AlarmSignal): void {
    if (signal.kind === 'succeeded') succeed(this.#of(signal.channel), signal.count);
    else if (signal.kind === 'failed') fail(this.#of(signal.channel));
    else if (signal.kind === 'decided') decide(this.#of(signal.channel), signal);
    else if (signal.kind === 'holds-expired') this.#of(signal.channel).holds += signal.holds;
    else if (signal.kind === 'keys-refused') this.#refusedKeys += signal.refusals;
  }

  /** Undefined where there was nothing. */
  drain(): NodeTally | undefined {
    const tally = { channels: [...this.#channels.values()], refusedKeys: this.#refusedKeys };
    this.#channels = new Map();
    this.#refusedKeys = 0;
    return tally.channels.length > 0 || tally.refusedKeys > 0 ? tally : undefined;
  }

  #of(channel: Channel): ChannelTally {
    const key = `${channel.dependency} ${channel.resource}`;
    const known = this.#channels.get(key);
    if (known) return known;
    if (this.#channels.size >= MAX_COUNTED && channel !== OTHERS) return this.#of(OTHERS);
    const { resource, dependency } = channel;
    const tally = {
      ...{ resource, dependency, succeeded: 0, failed: 0, first: 0, longest: 0, last: 0 },
      ...{ allowed: 0, denied: 0, holds: 0 },
    };
    this.#channels.set(key, tally);
    return tally;
  }
}

function succeed(tally: ChannelTally, count: number): void {
  if (tally.succeeded === 0) tally.first = tally.last;
  else tally.longest = Math.max(tally.longest, tally.last);
  tally.last = 0;
  tally.succeeded += count;
}

function fail(tally: ChannelTally): void {
  tally.failed++;
  tally.last++;
}

function decide(tally: ChannelTally, { allowed, denied }: Pick<ChannelTally, 'allowed' | 'denied'>): void {
  tally.allowed += allowed;
  tally.denied += denied;
}
