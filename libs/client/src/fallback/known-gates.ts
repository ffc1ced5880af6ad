import type { Decision, DecisionGate, OnDeny } from '@sundial/contract';

/** A gate that no answer repeats is obeyed so long at most: an operator may have changed it meanwhile. */
export const MAX_UNHEARD_MS = 600_000;
/** Resources of which a gate is known; beyond it the one that was learned first is forgotten. */
const MAX_KNOWN = 1_000;

/** What an operator set for a resource, as its last decision said. */
export interface KnownGate extends DecisionGate {
  /** Of a closed gate, where it has one. */
  readonly onDeny?: OnDeny;
}

interface Heard {
  readonly gate: KnownGate;
  /** On the monotonic clock. */
  readonly endsAt: number;
}

/**
 * The gates that decisions of the service named. Where no service answers, the client obeys them in its place: an operator
 * closes a resource, or opens it, also for programs that lose the service afterwards.
 */
export class KnownGates {
  readonly #heard = new Map<string, Heard>();

  /** Of every decision that a service made: one that names no gate ends what was known of the resource. */
  learn(resource: string, decision: Decision): void {
    const gate = gateOf(decision);
    if (!gate) {
      if (this.#heard.size > 0) this.#heard.delete(resource);
      return;
    }
    const leftMs = gate.until === null ? Infinity : Date.parse(gate.until) - Date.now();
    this.#heard.delete(resource);
    this.#heard.set(resource, { gate, endsAt: performance.now() + Math.min(leftMs, MAX_UNHEARD_MS) });
    for (const first of this.#heard.keys()) {
      if (this.#heard.size <= MAX_KNOWN) break;
      this.#heard.delete(first);
    }
  }

  get(resource: string): KnownGate | undefined {
    const heard = this.#heard.get(resource);
    return heard && performance.now() < heard.endsAt ? heard.gate : undefined;
  }
}

/** Undefined for words that this version does not know. */
function gateOf({ gate, reason, onDeny }: Decision): KnownGate | undefined {
  const { state, until } = (gate ?? {}) as { readonly state?: unknown; readonly until?: unknown };
  if (state !== 'open' && state !== 'closed') return undefined;
  const isTime = typeof until === 'string' && !Number.isNaN(Date.parse(until));
  const ofGate = reason === 'gate-closed' && onDeny !== undefined;
  return { state, until: isTime ? until : null, ...(ofGate && { onDeny }) };
}
