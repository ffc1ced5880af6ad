import type { DegradedCause } from '@sundial/contract';
import type { BrokenKey, StoreCondition, StoreMode, UnverifiableSpan } from '@sundial/engine';
import type { FileCondition } from '@sundial/embedded';

/** What can fail by itself: one resource's use of one thing it depends on. */
export interface Channel {
  readonly resource: string;
  readonly dependency: string;
}

/**
 * What alarms are made of. Whoever sees one of these happen gives it to `AlarmBoard.take`, at the time of the call,
 * and knows nothing of patterns.
 *
 * - `succeeded`, `failed`: outcomes of a channel; successes may come in bulk.
 * - `over-admitted`: a counter got above its `max`, because what had been allowed without the store was counted.
 * - `mode-changed`: the store decides again, or can no longer be asked.
 * - `clock-read`: how far the store's clock is ahead of this node's; to be repeated, since a clock can be set.
 * - `condition-changed`: something about a server behind the store is not as it should be, or no longer so.
 * - `file-condition-changed`: a file of the node cannot be written or was damaged, or no longer so.
 * - `key-broken`: a key of a resource holds what Sundial did not write.
 * - `unverifiable`: a time in which counters may be wrong, and nobody can know.
 * - `journal-overflowed`: degraded decisions that the journal could no longer keep one by one.
 */
export type AlarmSignal = ChannelSignal | NodeSignal;

type ChannelSignal =
  | { readonly kind: 'succeeded'; readonly channel: Channel; readonly count: number }
  | { readonly kind: 'failed'; readonly channel: Channel }
  | { readonly kind: 'over-admitted'; readonly channel: Channel; readonly counter: CounterAboveMax }
  | { readonly kind: 'key-broken'; readonly channel: Channel; readonly key: Omit<BrokenKey, 'resource'> };

type NodeSignal =
  | { readonly kind: 'mode-changed'; readonly mode: StoreMode; readonly cause: DegradedCause | null }
  | { readonly kind: 'clock-read'; readonly offsetMs: number }
  | { readonly kind: 'journal-overflowed'; readonly operations: number }
  | { readonly kind: 'condition-changed'; readonly condition: StoreCondition; readonly holds: boolean }
  | { readonly kind: 'file-condition-changed'; readonly condition: FileCondition; readonly holds: boolean }
  | { readonly kind: 'unverifiable'; readonly span: UnverifiableSpan };

export interface CounterAboveMax {
  readonly rule: string;
  readonly window: string;
  readonly used: number;
  readonly max: number;
}
