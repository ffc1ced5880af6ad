import { Injectable } from '@nestjs/common';
import type { AdminEvent, AdminEvents } from '@sundial/engine';
import { LedgerRecorder } from './ledger-recorder.js';

/** What operators do, in the ledger, where one subject's lines can be deleted. */
@Injectable()
export class LedgerAdminEvents implements AdminEvents {
  constructor(private readonly recorder: LedgerRecorder) {}

  record({ at, actor, action, target, reason, before, after, outcome, requestId }: AdminEvent): void {
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
