/** Times about which the books may be wrong, and nobody can know. */
export interface UnverifiableSpan {
  /** Epoch milliseconds, store clock. */
  readonly from: number;
  readonly to: number;
  readonly reason: UnverifiableReason;
  readonly operations: number;
}

/**
 * `settled-too-late`: the store no longer remembered whether it had counted. `writes-lost`: the store lost writes that
 * this node cannot repeat, or may have. `journal-damaged`: some of what was owed could not be read.
 */
type UnverifiableReason = 'settled-too-late' | 'writes-lost' | 'journal-damaged';

/** The latest ones are kept. */
const MAX_SPANS = 100;
/** Nearer ones of one reason are one. */
const MERGE_MS = 60_000;

/** What is reported instead of guessed. */
export class UnverifiableSpans {
  readonly #onNew: (span: UnverifiableSpan) => void;
  #spans: UnverifiableSpan[] = [];

  /** `onNew` is told of each span once, as it was when it was found. */
  constructor(onNew: (span: UnverifiableSpan) => void = () => undefined) {
    this.#onNew = onNew;
  }

  get all(): readonly UnverifiableSpan[] {
    return this.#spans;
  }

  add(span: UnverifiableSpan): void {
    const near = this.#spans.find(
      ({ reason, from, to }) =>
        reason === span.reason && span.from <= to + MERGE_MS && from - MERGE_MS <= span.to,
    );
    const others = this.#spans.filter((other) => other !== near);
    const from = Math.min(span.from, near?.from ?? span.from);
    const to = Math.max(span.to, near?.to ?? span.to);
    const operations = span.operations + (near?.operations ?? 0);
    this.#spans = [...others, { from, to, reason: span.reason, operations }].slice(-MAX_SPANS);
    if (!near) this.#onNew(span);
  }
}
