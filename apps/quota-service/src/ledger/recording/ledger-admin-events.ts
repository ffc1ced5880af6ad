import { Injectable } from '@nestjs/common';
import type { AdminEvent, AdminEvents } from '@sundial/engine';
import { LedgerRecorder } from './ledger-recorder.js';

/** What operators do, in the ledger, where one subject's lines can be deleted. A replacement of all rules is a line for each rule, too. */
@Injectable()
export class LedgerAdminEvents implements AdminEvents {
  constructor(private readonly recorder: LedgerRecorder) {}

  record(event: AdminEvent): void {
    const { rules = [], ...written } = event;
    this.#write(written);
    for (const { id, before, after } of rules) {
      const action =
        before === undefined ? 'rule-created' : after === undefined ? 'rule-deleted' : 'rule-changed';
      this.#write({ ...written, action, target: { rule: id }, before, after });
    }
  }

  #write({
    at,
    actor,
    action,
    target,
    reason,
    before,
    after,
    outcome,
    requestId,
  }: Omit<AdminEvent, 'rules' | 'overrides'>): void {
    const { resource, rule, id, subject } = target;
    const named = rule ?? id ?? (resource === null ? '*' : resource);
    this.recorder.record({
      at: Math.round(at),
      ...{ kind: 'admin', outcome: action, actor },
      ...(typeof resource === 'string' && { resource }),
      ...(subject && { subject }),
      data: {
        ...(named !== undefined && { target: named }),
        ...(reason !== undefined && { reason }),
        before,
        after,
        answered: outcome,
        requestId,
      },
    });
  }
}
