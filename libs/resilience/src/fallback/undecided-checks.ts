import {
  takesNothing,
  type Answer,
  type EngineDecision,
  type NamedOperation,
  type Takes,
} from '@sundial/engine/ports';
import { QuotaError, type DegradedCause } from '@sundial/contract';
import type { Outbox } from '../outbox/outbox.js';
import type { PendingSettlement } from '../outbox/pending-settlement.js';
import { policyOf, type DegradedDecisions, type UndecidedCheck } from './degraded-decisions.js';

/**
 * Decides checks that the store did not decide: by the rules' policies, unless the operation has been
 * promised before, and what was said is enqueued for the store. A strict journal has to hold a promise before it is
 * made; one that it does not hold in time is not made.
 */
export class UndecidedChecks {
  readonly #degraded: DegradedDecisions;
  readonly #outbox: Outbox;

  constructor(degraded: DegradedDecisions, outbox: Outbox) {
    this.#degraded = degraded;
    this.#outbox = outbox;
  }

  /** `answerBy` is monotonic. @throws QuotaError `operation-conflict` */
  decide(check: UndecidedCheck, answerBy: number): Answer<EngineDecision> {
    const known = this.#pending(check);
    if (known && known.settlement.intent !== 'release') return this.#repeat(check, known, answerBy);
    // A release that has freed the id: what was taken before it, or with it, is released with it.
    const releasedAt = check.hold && known?.settlement.decidedAt;
    const { decision, pending } = this.#degraded.decide(
      releasedAt === undefined ? check : { ...check, releasedAt },
    );
    const isPromised = pending !== undefined && pending.settlement.intent !== 'void';
    if (isPromised && !this.#outbox.hasRoomFor(pending)) {
      // Units that no settlement is pending for would be counted here for ever, and in the store never.
      this.#degraded.takeBack(pending);
      if (pending.degraded.policy === 'local') return this.#refuse(withoutRoom(check), answerBy);
    }
    const isKept = pending && this.#outbox.enqueue(pending, answerBy);
    if (!isKept) return decision;
    return isKept.then((kept) => {
      if (kept) return decision;
      this.#degraded.takeBack(pending);
      return this.#refuse(check, answerBy);
    });
  }

  /**
   * Why the store is not asked, where it would not say what this node has said of the operation: that is not recorded there yet. Under
   * `local` that is also that the operation is refused: its room may be another one's by now.
   * @throws QuotaError `operation-conflict`, `operation-refunded`
   */
  unrecorded(
    check: Pick<UndecidedCheck, keyof NamedOperation | keyof Takes | 'plan'>,
  ): DegradedCause | undefined {
    if (this.#outbox.isClear || namesNothing(check)) return undefined;
    const pending = this.#pending(check);
    if (pending) return pending.degraded.cause;
    return policyOf(check.plan) === 'local' ? this.#outbox.refusedBy(check.operation.id) : undefined;
  }

  /**
   * What is pending under the operation's id: what was promised, or a release, after which the id is free.
   * @throws QuotaError `operation-conflict`, `operation-refunded`
   */
  #pending(check: NamedOperation & Takes): PendingSettlement | undefined {
    const { operationId, operation, hold } = check;
    const pending = namesNothing(check) ? undefined : this.#outbox.promised(operation.id);
    if (pending === undefined) return undefined;
    const { intent, operation: known } = pending.settlement;
    if (intent === 'release') return pending;
    if (intent === 'refund') throw QuotaError.refunded(operationId);
    const isReservation = intent !== 'count';
    if (known.content !== operation.content || isReservation !== (hold !== undefined))
      throw QuotaError.conflict(operationId);
    return pending;
  }

  #repeat(check: UndecidedCheck, promised: PendingSettlement, answerBy: number): Answer<EngineDecision> {
    const isKept = this.#outbox.isKept(promised);
    if (!isKept) return this.#degraded.repeat(check, promised.degraded);
    return isKept.then((kept) =>
      kept ? this.#degraded.repeat(check, promised.degraded) : this.#refuse(check, answerBy),
    );
  }

  #refuse(check: UndecidedCheck, answerBy: number): EngineDecision {
    const { decision, pending } = this.#degraded.decide(check, 'deny');
    if (pending) void this.#outbox.enqueue(pending, answerBy);
    return decision;
  }
}

/** A look: nothing is counted under its id. */
function namesNothing(check: NamedOperation & Takes): boolean {
  return takesNothing(check) && !check.hold;
}

function withoutRoom(check: UndecidedCheck): UndecidedCheck {
  return { ...check, unavailable: { ...check.unavailable, cause: 'journal-full' } };
}
