import type { LedgerEvent } from '@sundial/ledger';
import { pino, stdTimeFunctions, type Logger } from 'pino';
import type { EventLogTarget } from '../../config/event-log-target.js';
import type { LogLines } from '../../logging/log.js';

/** Of the lines in the log that are events (docs/structured-log.md, deploy/logs/sundial.event.schema.json). */
const SCHEMA = { schema: 'sundial.event', v: 1 };
/** How often it is said that lines were dropped. */
const GAP_MS = 1_000;

/**
 * The ledger's events in the log, a line each, whatever LOG_LEVEL is. Without subjects, unless they are asked for: logs outlive what
 * may be known of a person. Nothing waits for what reads the log; lines that it is too slow for are dropped, and a gap says
 * how many.
 */
export class EventLog {
  readonly #log: Logger;
  readonly #target: EventLogTarget;
  /** Of lines that were dropped and not reported yet. */
  #lost = 0;
  #lostSince = 0;
  #saidAt = -Infinity;

  constructor(lines: LogLines, target: EventLogTarget) {
    this.#log = pino({ base: SCHEMA, timestamp: stdTimeFunctions.isoTime }, lines);
    this.#target = target;
    lines.on('drop', () => {
      this.#lost++;
      this.#lostSince ||= Date.now();
    });
  }

  write(event: LedgerEvent): void {
    if (this.#lost > 0) this.#sayLost(event.at);
    this.#write(event);
  }

  #write({ at, kind, outcome, subject, data, ...event }: LedgerEvent): void {
    const { node, withSubjects } = this.#target;
    const line = {
      at: new Date(at).toISOString(),
      node,
      kind,
      outcome,
      ...event,
      ...(withSubjects && subject && { subject }),
      ...(data && { data: withSubjects ? data : { ...data, scope: undefined } }),
    };
    this.#log.info(line, `${kind} ${outcome}`);
  }

  /** A gap that is dropped too is reported with the next one. */
  #sayLost(at: number): void {
    const now = Date.now();
    if (now - this.#saidAt < GAP_MS) return;
    this.#saidAt = now;
    const count = this.#lost;
    this.#write({ at, kind: 'gap', outcome: 'queue-full', count, data: { from: this.#lostSince, to: now } });
    if (this.#lost > count) return;
    this.#lost = 0;
    this.#lostSince = 0;
  }
}
