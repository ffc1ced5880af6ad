import { Injectable } from '@nestjs/common';
import { MAX_WAITING_CHECKS, QuotaEngine } from '@sundial/engine';
import { Admission, type Arrival } from './admission.js';
import { MAX_BACKLOG_MS, MAX_BATCH_BYTES, MAX_LARGE_BODY_BYTES, MAX_WAITING_BATCH_BYTES } from '../bounds.js';
import { ArrivingBodies } from './arriving-bodies.js';
import { HeldBytes } from './held-bytes.js';
import { InFlight } from './in-flight.js';
import type { AdmissionClass } from '../routes/route.decorator.js';

/** Requests whose bodies are large enough to be counted. */
export type HoldingClass = Extract<AdmissionClass, 'batches' | 'large-bodies'>;

/** Where requests come in: counted, and begun when there is room for what they bring. */
@Injectable()
export class Door {
  readonly inFlight = new InFlight();
  readonly #checks: Admission;
  readonly #batches: Admission;
  readonly #largeBodies: Admission;
  /** Of batches. */
  readonly arriving = new ArrivingBodies(() => this.heldBytes.batches.total >= MAX_BATCH_BYTES);
  /** Of bodies that are arriving or being worked on. */
  readonly heldBytes: Readonly<Record<HoldingClass, HeldBytes>> = {
    batches: new HeldBytes(() => this.arriving.readOn()),
    'large-bodies': new HeldBytes(),
  };

  constructor(engine: QuotaEngine) {
    this.#checks = new Admission(() => engine.backlogMs > MAX_BACKLOG_MS, {
      wantMore: (requests) => this.#hear(requests),
    });
    this.#batches = new Admission(
      () => engine.waitingInBatches >= MAX_WAITING_CHECKS || this.heldBytes.batches.total >= MAX_BATCH_BYTES,
      { maxWaitingBytes: MAX_WAITING_BATCH_BYTES },
    );
    this.#largeBodies = new Admission(() => this.heldBytes['large-bodies'].total >= MAX_LARGE_BODY_BYTES);
  }

  /** Requests that wait for their turn. */
  get waiting(): number {
    return this.#checks.waiting + this.#batches.waiting + this.#largeBodies.waiting;
  }

  enter(admission: AdmissionClass, arrival: Arrival): void {
    switch (admission) {
      case 'never':
        return arrival.admit();
      case 'checks':
        return this.#checks.enter(arrival);
      case 'batches':
        return this.#batches.enter(arrival);
      case 'large-bodies':
        return this.#largeBodies.enter(arrival);
      default:
        admission satisfies never;
    }
  }

  /** A request has its whole answer. Where others wait, its socket is read again when those have had their turn. */
  leave({ socket, fairnessKey }: Pick<Arrival, 'socket' | 'fairnessKey'>): void {
    this.inFlight.leave(socket);
    if (this.#checks.isSaturated || this.inFlight.parked > 0) this.inFlight.park(socket, fairnessKey);
  }

  #hear(requests: number): boolean {
    if (requests > 0) this.inFlight.unpark(requests);
    return this.inFlight.parked > 0;
  }
}
