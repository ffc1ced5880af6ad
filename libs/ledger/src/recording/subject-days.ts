/** A subject's sums of a UTC day, or of some days. A row of `ledger_subject_days`. */
export interface SubjectDay {
  readonly resource: string;
  readonly meter: string;
  /** How many days. */
  readonly span: number;
  /** The first of them, since the epoch. */
  readonly day: number;
  readonly subject_hash: number;
  readonly subject: string;
  used: number;
  allowed: number;
  denied: number;
}

/** So many days are summed up once more: a question about a year adds up a dozen sums of a subject, not 365. */
export const LONG_SPAN = 32;

/** Of one subject: mostly of one day, and so of one span. */
export function longSpans(days: readonly SubjectDay[]): readonly SubjectDay[] {
  const spans: SubjectDay[] = [];
  for (const { used, allowed, denied, ...of } of days) {
    const day = of.day - (of.day % LONG_SPAN);
    const known = spans.find(
      (one) => one.day === day && one.resource === of.resource && one.meter === of.meter,
    );
    if (known) {
      known.used += used;
      known.allowed += allowed;
      known.denied += denied;
    } else spans.push({ ...of, span: LONG_SPAN, day, used, allowed, denied });
  }
  return spans;
}

export function isSomething({ used, allowed, denied }: SubjectDay): boolean {
  return used !== 0 || allowed !== 0 || denied !== 0;
}
