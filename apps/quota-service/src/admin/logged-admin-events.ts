import { Inject, Injectable } from '@nestjs/common';
import type { AdminAction, AdminEvent, AdminEvents } from '@sundial/engine';
import { LOG, type Log } from '../logging/log.js';

/** What operators do, in this node's log. A subject is not named there: logs outlive what may be known of a person. */
@Injectable()
export class LoggedAdminEvents implements AdminEvents {
  constructor(@Inject(LOG) private readonly log: Log) {}

  record({
    action,
    target,
    requestId: reqId,
    at,
    rules: _rules,
    overrides: _overrides,
    ...event
  }: AdminEvent): void {
    const { subject, ...named } = target;
    const ofOneSubject = subject !== undefined;
    const level = action === 'drill-begun' ? 'warn' : 'info';
    const storeTime = new Date(at).toISOString();
    this.log[level](
      { action, target: { ...named, ofOneSubject }, ...event, storeTime, reqId },
      SENTENCES[action],
    );
  }
}

const SENTENCES: Readonly<Record<AdminAction, string>> = {
  'rule-created': 'rules changed',
  'rule-changed': 'rules changed',
  'rule-deleted': 'rules changed',
  'rule-rolled-back': 'a rule is as it was at an earlier version',
  'rules-replaced': 'rules changed',
  'gate-set': 'a gate was set',
  'brake-set': 'a brake was set',
  'brake-removed': 'a brake was removed',
  'drill-begun': 'a drill was begun: calls of its resource fail on purpose',
  'drill-ended': 'a drill was ended',
  'usage-corrected': 'usage was corrected',
  'subject-reset': 'the current windows of a subject were reset',
  'subject-data-deleted': 'what the ledger had of a subject was deleted',
  'override-set': 'an override was set',
  'override-removed': 'an override was removed',
  'overrides-imported': 'overrides were imported',
  'pack-added': 'a pack was added',
  'pack-cancelled': 'what was left of a pack was cancelled',
  'webhook-created': 'a webhook was set',
  'webhook-changed': 'a webhook was changed',
  'webhook-deleted': 'a webhook was deleted, and what was to be delivered to it',
  'dead-letter-resent': 'a dead letter is delivered again',
};
