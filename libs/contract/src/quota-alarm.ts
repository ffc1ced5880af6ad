/** What an alarm of a process is about. */
export type QuotaAlarmName =
  | 'degraded'
  | 'store-condition'
  | 'file-condition'
  | 'gate'
  | 'brake'
  | 'drill'
  | 'rules-not-updated'
  | 'wrong-type-key'
  | 'journal-full'
  | 'uncertain-interval'
  | 'over-admission'
  | 'checks-shed';

/**
 * Something that an operator should know, once, not once a check: what happened, to what, and what to do.
 *
 * `degraded`, `store-condition`, `file-condition`, and a `gate`, `brake` or `drill` that an operator has set, begin
 * (`raised`) and end (`cleared`). The others happen (`noted`), each at most once a minute; `details.before` then says how
 * many more of that name there were since the last one.
 */
export interface QuotaAlarm {
  readonly name: QuotaAlarmName;
  readonly state: 'raised' | 'cleared' | 'noted';
  /** `info` is only what is over. */
  readonly severity: 'error' | 'warn' | 'info';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}
