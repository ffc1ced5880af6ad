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
  for (const one of days) {
    const span = longSpanOf(one);
    const known = spans.find(
      ({ day, resource, meter }) => day === span.day && resource === span.resource && meter === span.meter,
    );
    if (known) {
      known.used += span.used;
      known.allowed += span.allowed;
      known.denied += span.denied;
    } else spans.push(span);
  }
  return spans;
}

/** Written out: there are as many as subjects, and objects that are spread into one are slow to read. */
function longSpanOf(one: SubjectDay): SubjectDay {
  const { resource, meter, day, subject_hash, subject, used, allowed, denied } = one;
  return {
    resource,
    meter,
    span: LONG_SPAN,
    day: day - (day % LONG_SPAN),
    subject_hash,
    subject,
    used,
    allowed,
    denied,
  };
}

export function isSomething({ used, allowed, denied }: SubjectDay): boolean {
  return used !== 0 || allowed !== 0 || denied !== 0;
}
