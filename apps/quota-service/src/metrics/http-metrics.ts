import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { Door } from '../http/admission/door.js';
import { UnreadAnswers } from '../http/admission/unread-answers.js';
import { Refusals } from '../http/refusals/refusals.js';

/** Requests at the moment of a scrape: in flight, waiting, and refused so far. */
@Injectable()
export class HttpMetrics {
  constructor(registry: Registry, door: Door, refusals: Refusals, unread: UnreadAnswers) {
    const registers = [registry];
    new Gauge({
      name: 'sundial_in_flight',
      help: 'Requests that were begun and are not answered yet',
      registers,
      collect() {
        this.set(door.inFlight.count);
      },
    });
    new Gauge({
      name: 'sundial_requests_waiting',
      help: 'Requests that wait to be begun because the node is busy',
      registers,
      collect() {
        this.set(door.waiting);
      },
    });
    new Gauge({
      name: 'sundial_unread_answer_bytes',
      help: 'Bytes of answers that their callers have not read yet, bounded by SUNDIAL_MAX_UNREAD_BYTES',
      registers,
      collect() {
        this.set(unread.bytes);
      },
    });
    new Counter({
      name: 'sundial_unread_connections_ended_total',
      help: 'Connections that were ended because unread answers filled SUNDIAL_MAX_UNREAD_BYTES and theirs was the oldest of the actor with most',
      registers,
      collect() {
        this.reset();
        this.inc(unread.ended);
      },
    });
    new Counter({
      name: 'sundial_refusals_total',
      help: 'Requests that were refused, by the code of their problem',
      labelNames: ['code'],
      registers,
      collect() {
        this.reset();
        for (const [code, requests] of refusals.counts) this.inc({ code }, requests);
      },
    });
  }
}
