import type fc from 'fast-check';
import { fromCheckedLine } from '../../libs/resilience/src/journal/checked-line.js';
import { fromValue } from '../../libs/resilience/src/journal/journal-record.js';
import { RecoveredSettlements } from '../../libs/resilience/src/journal/recovered-settlements.js';
import { keyOf, type PendingSettlement } from '../../libs/resilience/src/outbox/pending-settlement.js';

/** A disk on which the scheduler decides when a write ends, and a list of faults whether it is one. */
export class ScheduledDisk {
  content = '';
  isHealed = false;
  onChange: () => void = () => undefined;
  readonly #scheduler: fc.Scheduler;
  readonly #faults: boolean[];
  #waiting: (() => string)[] = [];
  #gathering: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(scheduler: fc.Scheduler, faults: readonly boolean[]) {
    this.#scheduler = scheduler;
    this.#faults = [...faults];
  }

  get bytes(): number {
    return this.content.length;
  }

  look(): void {}

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
  }

  append(lines: () => string): Promise<void> {
    this.#waiting.push(lines);
    this.#gathering ??= this.#last = this.#behind(async () => {
      await this.#turn('group');
      const text = this.#waiting.splice(0).map((make) => make());
      this.#gathering = undefined;
      await this.#write(this.content + text.join(''));
    });
    return this.#gathering;
  }

  rewrite(lines: Iterable<string>): Promise<void> {
    return (this.#last = this.#behind(async () => {
      let text = '';
      for (const line of lines) {
        text += line;
        await this.#turn('chunk');
      }
      await this.#write(text);
    }));
  }

  recovered(): Map<string, PendingSettlement> {
    return recoveredFrom(this.content);
  }

  async #write(content: string): Promise<void> {
    await this.#turn('write');
    if (!this.isHealed && this.#faults.shift()) throw new Error('No space left');
    this.content = content;
    this.onChange();
    await this.#turn('synced');
  }

  #behind(action: () => Promise<void>): Promise<void> {
    return this.#last.catch(() => undefined).then(action);
  }

  #turn(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label);
  }
}

/** What a process would find pending that starts with this file. */
export function recoveredFrom(content: string): Map<string, PendingSettlement> {
  const found = new RecoveredSettlements();
  for (const line of content.split('\n').slice(0, -1)) {
    for (const record of fromValue(fromCheckedLine(line)))
      if (record.kind !== 'watermarks') found.add(record);
  }
  return new Map([...found.values()].map((pending) => [placeOf(pending), pending]));
}

/** Names what is pending: a refund waits for what it refunds, so that both are. */
export function placeOf(pending: PendingSettlement): string {
  const { intent, operation } = pending.settlement;
  return intent === 'refund' ? `refund of ${operation.id}` : keyOf(pending);
}
