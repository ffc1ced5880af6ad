import type {
  CheckRequest,
  Decision,
  ExtendRequest,
  ReservationAnswer,
  ReserveDecision,
} from '@sundial/contract';
import {
  type AskedEnding,
  type ControlChange,
  type Crossing,
  crossingId,
  type LiveRules,
  type QuotaObserver,
  type SettledUsage,
  ThresholdWatch,
} from '@sundial/engine';
import type { EventOutbox } from './event-outbox.js';
import { subjectText } from './event-subject.js';

/** The event of a window is remembered for as long after it, so that what is settled late makes it no second time. */
const REMEMBER_AFTER_MS = 2 * 24 * 60 * 60_000;

/** Makes events of what the engine decides and meets. It is on the path of checks: where nothing happened it does next to nothing. */
export class EventObserver implements QuotaObserver {
  #watch: ThresholdWatch | undefined;
  #now: () => number = Date.now;

  constructor(private readonly outbox: EventOutbox) {}

  /** From now on, since there are rules and a store. */
  begin(rules: LiveRules, now: () => number): void {
    this.#now = now;
    this.#watch = new ThresholdWatch(rules, (crossing) => this.#crossed(crossing));
  }

  decided(request: CheckRequest, decision: Decision): void {
    this.#watch?.decided(request, decision);
    if (decision.packs !== undefined && !decision.replayed) this.#exhausted(request, decision.packs);
  }

  extended(_request: ExtendRequest, decision: ReserveDecision): void {
    if (decision.reservation) this.#watch?.decided(decision.reservation, decision);
  }

  ended(_ending: AskedEnding, { reservation, limits, degraded }: ReservationAnswer): void {
    if (degraded === null) this.#watch?.seen(reservation.resource, reservation.subject, limits);
  }

  usageSettled(usage: SettledUsage): void {
    this.#watch?.settled(usage);
  }

  controlChanged({ kind, key, change, at, resource, sentence, until, reason, actor }: ControlChange): void {
    if (kind !== 'gate') return;
    this.outbox.publish({
      id: crossingId(`gate-changed\n${key}\n${change}\n${at}`),
      ...{ type: 'gate-changed', at: Math.round(change === 'set' ? at : this.#now()) },
      subject: resource === null ? 'gates' : `gates/${resource}`,
      ...(resource !== null && { resource }),
      data: { resource, change, sentence, until, reason, actor },
      rememberUntil: null,
    });
  }

  #crossed({ kind, id, mark, ...crossing }: Crossing): void {
    const { resource, rule, subject, resetsAt } = crossing;
    this.outbox.publish({
      ...{
        id,
        type: kind,
        at: Math.round(this.#now()),
        subject: subjectText(resource, subject),
        resource,
        rule,
      },
      data: { ...crossing },
      rememberUntil: resetsAt === null ? null : Date.parse(resetsAt) + REMEMBER_AFTER_MS,
      lost: () => this.#watch?.lost({ mark }),
    });
  }

  #exhausted({ resource, subject }: CheckRequest, packs: NonNullable<Decision['packs']>): void {
    for (const { id: pack, meter, remaining } of packs) {
      if (remaining !== 0) continue;
      this.outbox.publish({
        id: crossingId(`pack-exhausted\n${resource}\n${pack}`),
        ...{
          type: 'pack-exhausted',
          at: Math.round(this.#now()),
          subject: subjectText(resource, subject),
          resource,
        },
        data: { resource, subject, pack, meter },
        rememberUntil: null,
      });
    }
  }
}
