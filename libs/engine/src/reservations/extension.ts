import type { Degraded, ExtendRequest } from '@sundial/contract';
import type { PlannedLimit } from '../counters/rule-windows.js';
import type { EngineDecision } from '../decisions/counted-limit.js';
import { degradedBy } from '../decisions/degrade-policy.js';
import { byPolicy, refused, taken } from '../decisions/decision.js';
import type { EndedHold } from '../runners/reservation-runner.js';
import type { Takes } from '../operations/amounts.js';
import type { StoredReservation } from '../stores/holds.js';
import type { Counts } from '../stores/counter-ref.js';
import { committedOf } from '../holds/known-by-id.js';
import { takenOf, unitsIn } from '../operations/amounts-by-meter.js';

interface Asked {
  readonly request: ExtendRequest;
  readonly operationId: string;
  readonly rulesVersion: number;
  /** The store's. */
  readonly now: number;
}

type Extended = Extract<EndedHold, { readonly reservation: StoredReservation }>;

/** The decision of an extension: of what it adds to what is held. */
export function extensionOf(
  ended: Extended,
  { request, operationId, rulesVersion, now }: Asked,
): { readonly decision: EngineDecision; readonly stored: StoredReservation } {
  const { reservation: stored, outcome } = ended;
  const counts: Counts<PlannedLimit> = 'counts' in ended ? ended.counts : [];
  const degraded = degradedOf(ended);
  const context = { operationId, rulesVersion, degraded };
  const added = addedTo(stored, request);
  const isRefused = outcome === 'refused';
  if (degraded !== null && degraded.policy !== 'local')
    return { decision: byPolicy(!isRefused, counts, added, context), stored };
  if (isRefused) return { decision: refused(counts, added, context, now), stored };
  const packs = 'packs' in ended && ended.packs ? { packs: ended.packs } : {};
  return { decision: { ...taken(counts, added, context), ...packs }, stored };
}

/** Longer alone is what any policy allows: nothing more is held. */
function degradedOf(ended: Extended): Degraded | null {
  if ('degraded' in ended && ended.degraded !== undefined) return ended.degraded;
  return ended.outcome === 'journaled' ? degradedBy(ended.cause, 'local') : null;
}

/** What is asked on top of what is held; after it was added, nothing is. */
function addedTo({ amounts: held }: StoredReservation, request: ExtendRequest): Takes {
  const wanted = Object.entries(committedOf(held, request));
  const more = wanted.map(([meter, units]): [string, number] => [
    meter,
    Math.max(0, units - unitsIn(held, meter)),
  ]);
  return { ...takenOf(Object.fromEntries(more)), hold: {} };
}
