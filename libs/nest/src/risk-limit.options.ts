import type { Decision, Subject } from '@sundial/contract';

/** A method that `@RiskLimit` can guard: one that returns a promise. */
export type AsyncMethod = (...args: never[]) => Promise<unknown>;

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
   * Runs instead of the method when there is no decision (the service is unreachable, the engine broke), or when a live
   * rule counts by an attribute that no `@Subject` of the method names; with `this` bound as above. Throw in it to put
   * cost before business. Default: the method runs uncounted, and a warning is logged that says why. A decision made
   * without the store (`degraded`) is a decision and does not come here.
   */
  readonly onUnavailable?: (this: never, error: unknown, ...args: Parameters<Method>) => Answer<Method>;
}
