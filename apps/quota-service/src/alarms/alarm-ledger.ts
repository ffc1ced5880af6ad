import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { raisedAlarm, type Alarm } from './alarm.js';
import type { Incident, Notification } from './watch.js';

/** Incidents that are over and still listed. */
const MAX_LISTED = 100;

/** The alarms of this node: those that are active, and the last ones that are over. In memory only. */
@Injectable()
export class AlarmLedger {
  readonly #active = new Map<Incident, Alarm>();
  readonly #over: Alarm[] = [];
  /** Of all nodes, by their ids, while this node judges them. */
  readonly #shared = new Map<string, Alarm>();

  /** In the order they were raised. */
  get active(): readonly Alarm[] {
    return [...this.#active.values(), ...this.#shared.values()];
  }

  /** The last `MAX_LISTED` ones, the latest first. */
  get over(): readonly Alarm[] {
    return this.#over;
  }

  /** Records a notification, and returns the alarm as it is from now on. */
  record({ kind, incident }: Notification, at: Date): Alarm {
    const known = this.#active.get(incident) ?? raisedAlarm(incident, randomUUID(), at);
    if (kind === 'raised') {
      this.#active.set(incident, known);
      return known;
    }
    const alarm = { ...known, clearedAt: at.toISOString() };
    this.#active.delete(incident);
    this.#end(alarm);
    return alarm;
  }

  /** One of all nodes: raised by this node, or by one that judged them before. */
  share(alarm: Alarm): void {
    this.#shared.set(alarm.id, alarm);
  }

  endShared(alarm: Alarm): void {
    this.#shared.delete(alarm.id);
    this.#end(alarm);
  }

  /** Another node judges them. */
  releaseShared(): void {
    this.#shared.clear();
  }

  #end(alarm: Alarm): void {
    this.#over.unshift(alarm);
    if (this.#over.length > MAX_LISTED) this.#over.pop();
  }
}
