import type { Decision, OnExpiry, Subject } from '@sundial/contract';
import type { Observable } from 'rxjs';
import type { ActualUse } from './on-success/actual-use.js';
import type { ReleaseOn, StreamedResult } from './on-success/reserved-calls.js';

/** A method that `@RiskLimit` can guard: one that returns a promise, or with `count: 'on-success'` an `async *` one. */
export type AsyncMethod = (...args: never[]) => Promise<unknown> | AsyncIterable<unknown>;

/** What a stream consists of. Where that is not known, functions say it by the types of their parameters. */
type ItemOf<Result> =
  Result extends Observable<infer Item> ? Item : Result extends AsyncIterable<infer Item> ? Item : never;
/** What `actual` is given: what the method returned, or of a stream what it was when it had ended. */
type Outcome<Result> = unknown extends Result
  ? never
  : Result extends Observable<unknown> | AsyncIterable<unknown> | { getStream(): unknown }
    ? StreamedResult<Result, ItemOf<Result>>
    : Result;

type Answer<Method extends AsyncMethod> = Awaited<ReturnType<Method>> | ReturnType<Method>;

/** Units by meter. */
type MeterUnits = Readonly<Record<string, number>>;

/**
 * `Method` is the guarded method's type, e.g. `@RiskLimit<OcrService['submit']>({ … })`: with it, all functions here
 * know their arguments and what they must return. Without it they are written with the types of their parameters.
 */
export interface RiskLimitOptions<Method extends AsyncMethod = AsyncMethod> {
  /** What is limited. `[A-Za-z0-9][A-Za-z0-9._:-]{0,127}`. */
  readonly resource: string;

  /**
   * Who is counted, read from the arguments; `() => ({})` where all callers share one counter. Instead of `@Subject`
   * parameters, never beside them. Its values are taken as
   * `@Subject` says; that it fails is the program's error.
   */
  readonly subject?: (...args: Parameters<Method>) => Subject;

  /** Units one call takes: an integer from 0 to 2^53−1, default 1. From a function anything else is a 400. */
  readonly amount?: number | ((...args: Parameters<Method>) => number);

  /**
   * Units one call takes of other meters: `{ tokens: 1200 }`, at most 8, each an integer from 0 to 2^53−1. Of a meter that
   * is not named it takes 0; `units` is `amount`. From a function a value that is anything else is a 400, and a name that is
   * no meter's a `RiskLimitMisuseError`.
   */
  readonly amounts?: MeterUnits | ((...args: Parameters<Method>) => MeterUnits);

  /**
   * The caller's name for the operation, when the arguments hold one that survives a retry (a task id, an idempotency
   * key): a repeated call then counts once. Default: every call is an operation of its own. 1–128 printable ASCII
   * characters, else a 400; one that was used for another check is a 409 (`RiskLimitRequestException`).
   */
  readonly operationId?: (...args: Parameters<Method>) => string | undefined;

  /**
   * Runs instead of the method when the limit refuses; what it returns becomes the method's result. `this` is the
   * instance: write a method or a `function`, and its type, `onDenied(this: OcrService, …)`. Default: `RiskLimitExceededException`.
   */
  readonly onDenied?: (this: never, decision: Decision, ...args: Parameters<Method>) => Answer<Method>;

  /**
   * Runs instead of the method when there is no decision (the engine broke, the service refused the key), or when a live
   * rule counts by an attribute that no `@Subject` of the method names; with `this` bound as above. Throw in it to put
   * cost before business. Default: the method runs uncounted, and a warning is logged that says why. A decision made
   * without the store, or by the `fallback` of a `QuotaClient` that no service answers (`degraded`), is a decision and does not
   * come here.
   */
  readonly onUnavailable?: (this: never, error: unknown, ...args: Parameters<Method>) => Answer<Method>;
  /**
   * When a call counts. `on-call` (default): before it runs, whatever becomes of it. `on-success`: its units are reserved
   * before, committed when the method returns and given back when it throws; those of a stream (async iterable, Node or web
   * stream, Observable) at its end. The options below are for this.
   */
  readonly count?: 'on-call' | 'on-success';
  /** How long a call is sure of its units without being extended, 1,000 to 86,400,000 ms; longer calls extend by themselves. Default 60,000. */
  readonly ttlMs?: number;
  /** What becomes of the units when this process dies during a call: `release` (default), or `commit`. */
  readonly onExpiry?: OnExpiry;
  /** The errors that give the units back: classes, or a function that knows. After others they stay counted. Default: all. */
  readonly releaseOn?: ReleaseOn;
  /**
   * So many failed calls of a subject give their units back in a clock hour, on this node; then failed calls count, so that
   * provoked errors are no free pass. Default 10.
   */
  readonly maxReleases?: number;
  /**
   * What a call really used, when it has succeeded: `{ tokens: 812 }`, and `amount` for the operation's own units. More than was
   * reserved is charged in full. Of a stream it is asked at the end, also where its consumer stopped early, and given a
   * `StreamedResult`. Default: what was reserved.
   */
  readonly actual?: (
    result: Outcome<Awaited<ReturnType<Method>>>,
    ...args: Parameters<Method>
  ) => ActualUse | undefined;
  /** What one item of a stream used; the sum is committed, of whatever its consumer has read. What `actual` names beats it. */
  readonly actualPerItem?: (
    item: ItemOf<Awaited<ReturnType<Method>>>,
    ...args: Parameters<Method>
  ) => ActualUse | undefined;
}
