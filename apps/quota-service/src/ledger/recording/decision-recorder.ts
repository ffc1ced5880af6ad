import type {
  CheckRequest,
  Decision,
  DegradedCause,
  ExtendRequest,
  Refunded,
  RefundRequest,
  Reservation,
  ReservationAnswer,
  ReserveDecision,
  ReserveRequest,
  Returned,
  ReturnRequest,
} from '@sundial/contract';
import {
  type AskedEnding,
  type Caller,
  type ControlChange,
  operationNamed,
  type QuotaObserver,
  type ReportedOperation,
  type ReportTally,
  type SettledOperation,
  type StoreMode,
  withoutTag,
} from '@sundial/engine';
import { amountsByMeter } from '@sundial/engine/ports';
import type { LedgerData, LedgerEvent } from '@sundial/ledger';
import type { LedgerRecorder } from './ledger-recorder.js';
import { PendingSubjects } from './pending-subjects.js';
import { type CountedBy, recordedLimits } from './recorded-limits.js';

/** Reservations that ended or expired here lately: an ending that is repeated is recorded as a repetition. */
const MAX_ENDED = 10_000;

/** Records what the engine decides and settles. It is on the path of checks: it puts together what is recorded, and waits for nothing. */
export class DecisionRecorder implements QuotaObserver {
  readonly #recorder: LedgerRecorder;
  readonly #pending = new PendingSubjects();
  readonly #ended = new Set<string>();
  readonly #expired = new Set<string>();
  #countedBy: CountedBy = () => undefined;

  constructor(recorder: LedgerRecorder) {
    this.#recorder = recorder;
  }

  /** Which attributes rules count by, once rules are there. */
  knows(countedBy: CountedBy): void {
    this.#countedBy = countedBy;
  }

  decided(
    request: CheckRequest,
    decision: Decision & { readonly reservation?: Reservation | null },
    elapsedMs: number,
    caller?: Caller,
  ): void {
    const { resource, subject } = request;
    const { reservation, operationId } = decision;
    if (decision.degraded && !decision.replayed) this.#notePending(resource, operationId, subject);
    const amounts = request.amounts === undefined && request.amount === undefined ? ONE : amountsOf(request);
    const data = this.#decisionData(decision, { subject, amounts, elapsedMs });
    if (reservation)
      Object.assign(data, {
        expiresAt: Date.parse(reservation.expiresAt),
        onExpiry: (request as ReserveRequest).onExpiry ?? 'release',
      });
    const kind = reservation === undefined ? 'check' : 'reserve';
    const outcome = decision.allowed ? 'allowed' : 'denied';
    this.#record({ kind, outcome, resource, subject, operationId }, data, caller);
  }

  extended(request: ExtendRequest, decision: ReserveDecision, elapsedMs: number, caller?: Caller): void {
    const { reservation } = decision;
    if (reservation === null) return;
    const { resource, subject, operationId, amounts, expiresAt } = reservation;
    if (decision.degraded) this.#notePending(resource, operationId, subject);
    const data = {
      ...this.#decisionData(decision, { subject, amounts, elapsedMs }),
      ...{ asked: request, expiresAt: Date.parse(expiresAt) },
    };
    const outcome = decision.allowed ? 'allowed' : 'denied';
    this.#record({ kind: 'extend', outcome, resource, subject, operationId }, data, caller);
  }

  ended(asked: AskedEnding, answer: ReservationAnswer, elapsedMs: number, caller?: Caller): void {
    const { reservation, degraded, limits } = answer;
    const { resource, subject, operationId, state, committed, overage, late } = reservation;
    if (degraded) this.#notePending(resource, operationId, subject);
    const isRepeated = isKnown(this.#ended, reservation.id);
    if (late || state === 'expired') this.holdExpired(reservation);
    const data = {
      amounts: committed ?? reservation.amounts,
      latencyMs: roundedMs(elapsedMs),
      ...(limits.length > 0 && { limits: recordedLimits(limits, subject, this.#countedBy) }),
      ...(isRepeated && { replayed: true }),
      ...(degraded && { degraded: journaled(degraded.cause) }),
      ...(overage && { overage }),
      ...(late && { late }),
      ...(asked.reason !== undefined && { reason: asked.reason }),
    };
    this.#record({ kind: asked.kind, outcome: state, resource, subject, operationId }, data, caller);
  }

  refunded(
    request: RefundRequest,
    refunded: Refunded & { readonly cause?: DegradedCause },
    caller?: Caller,
  ): void {
    const { resource, subject, operationId, reason } = request;
    const { amounts, cause } = refunded;
    if (cause) this.#notePending(resource, operationId, subject);
    const data = {
      amounts,
      ...(cause && { degraded: journaled(cause) }),
      ...(reason !== undefined && { reason }),
    };
    this.#record({ kind: 'refund', outcome: 'refunded', resource, subject, operationId }, data, caller);
  }

  returned(request: ReturnRequest, { limits }: Returned, caller?: Caller): void {
    const { resource, subject, operationId } = request;
    const data = {
      amounts: amountsOf(request),
      limits: recordedLimits(limits, subject, this.#countedBy),
    };
    this.#record({ kind: 'return', outcome: 'returned', resource, subject, operationId }, data, caller);
  }

  receiptIssued({ resource, subject }: CheckRequest, { operationId }: Decision, caller?: Caller): void {
    this.#record({ kind: 'receipt', outcome: 'issued', resource, subject, operationId }, {}, caller);
  }

  settled(settlement: SettledOperation): void {
    const { operation, resource, intent, outcome, decidedAt, cause, amounts, operations } = settlement;
    const { operationId, scope } = operationNamed(operation);
    const subject = operationId === undefined ? undefined : this.#pending.settled(resource, operationId);
    this.#recorder.record({
      kind: 'settlement',
      outcome,
      resource,
      ...(subject && { subject }),
      ...(operationId !== undefined && { operationId }),
      ...(operations > 1 && { count: operations }),
      data: { intent, amounts, decidedAt, cause, ...(scope !== undefined && { scope }) },
    });
  }

  reported(_tally: ReportTally, reports: readonly ReportedOperation[], caller?: Caller): void {
    for (const { report, outcome } of reports) {
      const { resource, subject, operationId, decidedAt, allowed, policy, attempted } = report;
      const data = {
        amounts: amountsOf(report),
        ...{ decidedAt: Date.parse(decidedAt), allowed, policy, attempted },
      };
      this.#record({ kind: 'report', outcome, resource, subject, operationId }, data, caller);
    }
  }

  modeChanged(mode: StoreMode, cause: DegradedCause | null): void {
    this.#recorder.record({ kind: 'mode', outcome: mode, ...(cause !== null && { data: { cause } }) });
  }

  controlChanged({ kind, key, change, resource, sentence, until, reason, actor }: ControlChange): void {
    this.#recorder.record({
      kind: 'control',
      outcome: change === 'set' ? 'in-force' : change,
      ...(resource !== null && { resource }),
      ...(actor !== undefined && { actor }),
      data: { target: key, control: kind, sentence, until, ...(reason !== undefined && { reason }) },
    });
  }

  /** Nothing is copied: every check comes here. `data` is the call's own, and gets the request that it was asked by. */
  #record(of: Recorded, data: LedgerData, caller: Caller | undefined): void {
    const { kind, outcome, resource, subject, operationId } = of;
    const at = this.#recorder.now;
    if (caller === undefined) {
      this.#recorder.record({ at, kind, outcome, resource, subject, operationId, data });
      return;
    }
    const { actor, id: requestId, traceId } = caller;
    Object.assign(data, traceId === undefined ? { requestId } : { requestId, traceId });
    this.#recorder.record({ at, kind, outcome, resource, subject, operationId, actor, data });
  }

  #decisionData(
    decision: Decision,
    {
      subject,
      amounts,
      elapsedMs,
    }: Pick<CheckRequest, 'subject'> & Required<Pick<LedgerData, 'amounts'>> & Elapsed,
  ): LedgerData {
    const { reason, rulesVersion, limits, degraded, packs, gate } = decision;
    return {
      reason,
      rulesVersion,
      latencyMs: roundedMs(elapsedMs),
      amounts,
      limits: limits.length > 0 ? recordedLimits(limits, subject, this.#countedBy) : undefined,
      replayed: decision.replayed || undefined,
      degraded: degraded ?? undefined,
      wouldDeny: decision.wouldDeny || undefined,
      packs,
      gate: gate?.state,
    };
  }

  /** Nothing else tells of it: the store expires what is held by itself. Once, however often it is seen. */
  holdExpired({ id, resource, subject, operationId, expiresAt, amounts }: Reservation): void {
    if (isKnown(this.#expired, id)) return;
    const of = { resource, subject, operationId };
    const data = { expiredAt: Date.parse(expiresAt), amounts };
    this.#recorder.record({ kind: 'expire', outcome: 'expired', ...of, data });
  }

  /** An id that a server made is known to the store without its tag. */
  #notePending(resource: string, operationId: string, subject: CheckRequest['subject']): void {
    this.#pending.decided(resource, withoutTag(operationId) ?? operationId, subject);
  }
}

interface Elapsed {
  readonly elapsedMs: number;
}

/** What every event of an operation says. */
type Recorded = Pick<LedgerEvent, 'kind' | 'outcome'> &
  Required<Pick<LedgerEvent, 'resource' | 'subject' | 'operationId'>>;

const ONE = { units: 1 };

function amountsOf({ amount = 1, amounts }: Pick<CheckRequest, 'amount' | 'amounts'>) {
  return amountsByMeter({ amount, ...(amounts && { amounts }) });
}

/** Notes it. */
function isKnown(ids: Set<string>, id: string): boolean {
  if (ids.has(id)) return true;
  ids.add(id);
  if (ids.size > MAX_ENDED) ids.delete(ids.values().next().value!);
  return false;
}

function journaled(cause: DegradedCause) {
  return { cause, policy: 'allow' };
}

/** Microseconds are noise in an answer, and bytes in a row. */
function roundedMs(elapsedMs: number): number {
  return Math.round(elapsedMs * 100) / 100;
}
