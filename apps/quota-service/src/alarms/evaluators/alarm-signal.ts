import type { DegradedCause } from '@sundial/contract';
import type {
  ControlChange,
  WrongTypeKey,
  StoreFinding,
  StoreMode,
  UncertainInterval,
} from '@sundial/engine';
import type { FileFinding } from '@sundial/embedded';

/** What can fail by itself: one resource's use of one thing it depends on. */
export interface Channel {
  readonly resource: string;
  readonly dependency: string;
}

/**
 * What alarms are made of. The part of the node that sees one of these happen gives it to `AlarmEvaluator.take` at once,
 * and knows nothing of patterns.
 *
 * - `succeeded`, `failed`: outcomes of a channel; successes may come in bulk.
 * - `over-admitted`: a counter got above its `max`, because what had been allowed without the store, or without a service, was counted.
 * - `mode-changed`: the store decides again, or can no longer be asked.
 * - `clock-read`: how far the store's clock is ahead of this node's; to be repeated, since a clock can be set.
 * - `finding-changed`: something about a server behind the store is not as it should be, or no longer so.
 * - `file-finding-changed`: a file of the node cannot be written or was damaged, or no longer so.
 * - `wrong-type-key`: a key of a resource holds what Sundial did not write.
 * - `uncertain-interval`: an interval whose counters may be wrong.
 * - `control-changed`: a gate, a brake or a drill is in force, or no longer so.
 * - `journal-overflowed`: degraded decisions that the journal could no longer keep one by one.
 */
export type AlarmSignal = ChannelSignal | NodeSignal;

type ChannelSignal =
  | { readonly kind: 'succeeded'; readonly channel: Channel; readonly count: number }
  | { readonly kind: 'failed'; readonly channel: Channel }
  | { readonly kind: 'over-admitted'; readonly channel: Channel; readonly counter: CounterAboveMax }
  | {
      readonly kind: 'wrong-type-key';
      readonly channel: Channel;
      readonly key: Omit<WrongTypeKey, 'resource'>;
    };

type NodeSignal =
  | { readonly kind: 'mode-changed'; readonly mode: StoreMode; readonly cause: DegradedCause | null }
  | { readonly kind: 'clock-read'; readonly offsetMs: number }
  | { readonly kind: 'journal-overflowed'; readonly operations: number }
  | { readonly kind: 'finding-changed'; readonly finding: StoreFinding; readonly holds: boolean }
  | { readonly kind: 'file-finding-changed'; readonly finding: FileFinding; readonly holds: boolean }
  | {
      readonly kind: 'control-changed';
      readonly control: Pick<ControlChange, 'kind' | 'key' | 'sentence'>;
      readonly holds: boolean;
    }
  | { readonly kind: 'uncertain-interval'; readonly interval: UncertainInterval };

export interface CounterAboveMax {
  readonly rule: string;
  /** In one word, e.g. `hour*5`. */
  readonly window: string;
  readonly meter: string;
  readonly used: number;
  readonly max: number;
}
