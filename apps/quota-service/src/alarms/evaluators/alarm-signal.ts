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
 * - `decided`: what was decided about a channel's resource, in bulk; what asked no rules, and repetitions, left out.
 * - `volume-read`: what the ledger has of the last hour of a channel's resource, and of the same hour of yesterday.
 * - `holds-expired`: holds of a channel's resource that expired instead of being ended.
 * - `over-admitted`: a counter got above its `max`, because what had been allowed without the store, or without a service, was counted.
 * - `mode-changed`: the store decides again, or can no longer be asked.
 * - `clock-read`: how far the store's clock is ahead of this node's; to be repeated, since a clock can be set.
 * - `finding-changed`: something about a server behind the store is not as it should be, or no longer so.
 * - `file-finding-changed`: a file of the node cannot be written or was damaged, or no longer so.
 * - `wrong-type-key`: a key of a resource holds what Sundial did not write.
 * - `uncertain-interval`: an interval whose counters may be wrong.
 * - `control-changed`: a gate, a brake or a drill is in force, or no longer so.
 * - `keys-refused`: requests without a key, with a wrong one, or with one that is not allowed what they asked.
 * - `ledger-mismatched`: the ledger does not say what happened: it misses events, or a counter has another number.
 * - `journal-overflowed`: degraded decisions that the journal could no longer keep one by one.
 */
export type AlarmSignal = ChannelSignal | NodeSignal;

type ChannelSignal =
  | { readonly kind: 'succeeded'; readonly channel: Channel; readonly count: number }
  | { readonly kind: 'failed'; readonly channel: Channel }
  | {
      readonly kind: 'decided';
      readonly channel: Channel;
      readonly allowed: number;
      readonly denied: number;
    }
  | {
      readonly kind: 'volume-read';
      readonly channel: Channel;
      readonly decisions: number;
      readonly yesterday: number;
    }
  | { readonly kind: 'holds-expired'; readonly channel: Channel; readonly holds: number }
  | { readonly kind: 'over-admitted'; readonly channel: Channel; readonly counter: CounterAboveMax }
  | {
      readonly kind: 'wrong-type-key';
      readonly channel: Channel;
      readonly key: Omit<WrongTypeKey, 'resource'>;
    };

type NodeSignal =
  | { readonly kind: 'mode-changed'; readonly mode: StoreMode; readonly cause: DegradedCause | null }
  | { readonly kind: 'clock-read'; readonly offsetMs: number }
  | { readonly kind: 'keys-refused'; readonly refusals: number }
  | { readonly kind: 'ledger-mismatched'; readonly mismatch: LedgerMismatch }
  | { readonly kind: 'journal-overflowed'; readonly operations: number }
  | { readonly kind: 'finding-changed'; readonly finding: StoreFinding; readonly holds: boolean }
  | { readonly kind: 'file-finding-changed'; readonly finding: FileFinding; readonly holds: boolean }
  | {
      readonly kind: 'control-changed';
      readonly control: Pick<ControlChange, 'kind' | 'key' | 'sentence'>;
      readonly holds: boolean;
    }
  | { readonly kind: 'uncertain-interval'; readonly interval: UncertainInterval };

/** Where the ledger does not say what happened: events are missing, or a counter has another number. */
export type LedgerMismatch = MissingEvents | CounterDiffers;

interface MissingEvents {
  /** Such as `queue-full` or `database-away`. */
  readonly cause: string;
  /** How many events are missing. */
  readonly events: number;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** A counter that has another number than its events in the ledger. */
export interface CounterDiffers {
  readonly resource: string;
  readonly rule: string;
  readonly window: string;
  readonly meter: string;
  /** When the window began. Epoch milliseconds. */
  readonly startsAt: number;
  /** By the events of the ledger. */
  readonly recorded: number;
  readonly counted: number;
  /** The latest one of the subject, which is not named: the ledger knows whose it is. */
  readonly operationId: string | undefined;
}

export interface CounterAboveMax {
  readonly rule: string;
  /** In one word, e.g. `hour*5`. */
  readonly window: string;
  readonly meter: string;
  readonly used: number;
  readonly max: number;
}
