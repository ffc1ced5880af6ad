import type { DegradedCause } from '@sundial/contract';
import type { PendingSettlement } from './pending-settlement.js';

interface Refused {
  readonly cause: DegradedCause;
  /** Attempts that are to be voided. */
  attempts: number;
}

/**
 * Operations of which an attempt was refused without the store and is not voided there yet: the store may have counted it, and would
 * repeat it to the next attempt. By id, as many as such settlements are pending.
 */
export class RefusedOperations {
  readonly #byId = new Map<string, Refused>();

  /** Why the attempt was decided without the store; nothing where none is to be voided. */
  causeOf(operationId: string): DegradedCause | undefined {
    return this.#byId.size === 0 ? undefined : this.#byId.get(operationId)?.cause;
  }

  add({ settlement: { intent, operation }, degraded: { cause } }: PendingSettlement): void {
    if (intent !== 'void') return;
    const known = this.#byId.get(operation.id);
    if (known) known.attempts++;
    else this.#byId.set(operation.id, { cause, attempts: 1 });
  }

  remove({ settlement: { intent, operation } }: PendingSettlement): void {
    const known = intent === 'void' ? this.#byId.get(operation.id) : undefined;
    if (known && --known.attempts === 0) this.#byId.delete(operation.id);
  }
}
