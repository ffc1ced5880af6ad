import type { Subject } from '@sundial/contract';
import type { DrillPlan } from './drill-plan.js';

/** Names the subjects and operations of one run, so that no two calls and no two runs share any. */
export class DrillNames {
  #calls = 0;

  /** @param run distinguishes this run from all others. */
  constructor(
    private readonly run: string,
    private readonly plan: DrillPlan,
  ) {}

  next(): { readonly subject: Subject; readonly operationId: string } {
    this.#calls += 1;
    const name = `sundial-drill-${this.run}-${this.#calls}`;
    return { operationId: name, subject: { ...this.plan.subject, ...each(this.plan.ownAttributes, name) } };
  }

  /** Of the resource that must stay untouched; it only looks, so one subject is enough. */
  get otherSubject(): Subject {
    return each(this.plan.otherAttributes, `sundial-drill-${this.run}`);
  }
}

function each(names: readonly string[], value: string): Subject {
  return Object.fromEntries(names.map((name) => [name, value]));
}
