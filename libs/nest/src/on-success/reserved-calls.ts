import {
  type CheckRequest,
  type CommitRequest,
  DEFAULT_TTL_MS,
  type OnExpiry,
  type Quota,
  type ReserveDecision,
  type ReserveRequest,
} from '@sundial/contract';
import { type ActualUse, commitOf, UseOfItems } from './actual-use.js';
import { Hold, type HoldLogs, type Warning } from './hold.js';
import { releaseCountsOf } from './release-counts.js';
import { watched } from './watched-stream.js';

const DEFAULT_MAX_RELEASES = 10;

/** What a stream was when it had ended, for `actual`. */
export interface StreamedResult<Source = unknown, Item = unknown> {
  /** What the method returned. */
  readonly source: Source;
  /** How many items, or chunks, its consumer read, and the last of them. */
  readonly items: number;
  readonly last: Item | undefined;
  /** `stopped`: its consumer wanted no more of it. */
  readonly end: 'completed' | 'stopped';
}

export interface ReservedCallsOptions {
  readonly ttlMs?: number;
  readonly onExpiry?: OnExpiry;
  readonly maxReleases?: number;
  readonly releaseOn?: ReleaseOn;
  readonly actual?: (result: never, ...args: never[]) => ActualUse | undefined;
  readonly actualPerItem?: (item: never, ...args: never[]) => ActualUse | undefined;
}

/** A class of errors. */
export type ErrorClass = abstract new (...args: never[]) => object;
/** Which errors give the units back: classes, or a function that knows. */
export type ReleaseOn = readonly ErrorClass[] | ((error: unknown) => boolean);

/** A call that was allowed, and what was reserved for it. */
export interface ReservedCall {
  readonly quota: Quota;
  readonly request: CheckRequest;
  readonly decision: ReserveDecision;
  readonly args: readonly unknown[];
}

/** The calls of one method that count only when they succeed: reserves, and settles each call's reservation when it ends. */
export class ReservedCalls {
  readonly #options: ReservedCallsOptions;
  readonly #holdLogs: HoldLogs;
  readonly #optionFailed: Warning;
  readonly #failureCounted: Warning;

  /** `logOf`: the log of one kind of event of this method. */
  constructor(options: ReservedCallsOptions, logOf: (event: string) => Warning) {
    this.#options = options;
    this.#holdLogs = {
      notEnded: logOf('could not end a reservation'),
      notExtended: logOf('could not extend a reservation'),
    };
    this.#optionFailed = logOf('has an option that failed');
    this.#failureCounted = logOf('counted a failed call');
  }

  reserve(quota: Quota, request: CheckRequest): Promise<ReserveDecision> {
    const { ttlMs, onExpiry } = this.#options;
    const reserve: ReserveRequest = {
      ...request,
      ...(ttlMs !== undefined && { ttlMs }),
      ...(onExpiry && { onExpiry }),
    };
    return quota.reserve(reserve);
  }

  /** Runs the method: its result, or its error, is the caller's when the reservation is settled. */
  async run(call: ReservedCall, method: () => unknown): Promise<unknown> {
    const { reservation } = call.decision;
    if (reservation === null) return method();
    const { ttlMs = DEFAULT_TTL_MS } = this.#options;
    const hold = new Hold({ quota: call.quota, id: reservation.id, ttlMs, logs: this.#holdLogs });
    if (reservation.state !== 'held') hold.followStream();
    let result: unknown;
    try {
      result = await method();
    } catch (error) {
      await this.#failed(call, hold, error);
      throw error;
    }
    const stream = this.#follow(call, hold, result);
    if (stream !== undefined) return stream;
    await hold.commit(this.#actual(result, call));
    return result;
  }

  #follow(call: ReservedCall, hold: Hold, source: unknown): object | undefined {
    const { actualPerItem } = this.#options;
    const used = actualPerItem && new UseOfItems(call.decision.reservation?.amounts ?? {});
    let items = 0;
    let last: unknown;
    const settle = (end: StreamedResult['end']) => {
      const streamed: StreamedResult = { source, items, last, end };
      const named = this.#actual(streamed, call);
      return hold.commit(this.#guarded('actualPerItem', () => together(used?.sum, named)) ?? {});
    };
    const stream = watched(source, {
      item: (item) => {
        items += 1;
        last = item;
        hold.move();
        if (used) {
          this.#guarded('actualPerItem', () => used.add(actualPerItem?.(item as never, ...argsOf(call))));
        }
      },
      completed: () => settle('completed'),
      failed: (error) => this.#failed(call, hold, error, used?.sum),
      stopped: () => settle('stopped'),
    });
    if (stream !== undefined) hold.followStream();
    return stream;
  }

  /** Gives the units back, unless these errors are not to, or too many did: provoked errors are no free pass. */
  async #failed(call: ReservedCall, hold: Hold, error: unknown, used: CommitRequest = {}): Promise<void> {
    const { maxReleases = DEFAULT_MAX_RELEASES, releaseOn } = this.#options;
    // The call that reserved first settles it; where that is gone, its expiry does.
    if (call.decision.replayed) return hold.abandon();
    if (!this.#releases(error, releaseOn)) return hold.commit(used);
    if (releaseCountsOf(call.quota).mayRelease(call.request, maxReleases)) return hold.release();
    this.#failureCounted.warn(`its subject had ${maxReleases} that gave their units back in this hour.`);
    await hold.commit(used);
  }

  #releases(error: unknown, releaseOn: ReleaseOn = everything): boolean {
    if (typeof releaseOn !== 'function') return releaseOn.some((type) => error instanceof type);
    return this.#guarded('releaseOn', () => releaseOn(error)) ?? true;
  }

  /** As held where nothing says what was used, or what says it failed: nothing is free by mistake. */
  #actual(result: unknown, call: ReservedCall): CommitRequest {
    const { actual } = this.#options;
    if (!actual) return {};
    return this.#guarded('actual', () => commitOf(actual(result as never, ...argsOf(call)))) ?? {};
  }

  /** A function of the application that fails after the method has succeeded fails no call. */
  #guarded<T>(option: string, ask: () => T): T | undefined {
    try {
      return ask();
    } catch (error) {
      this.#optionFailed.warn(`"${option}": ${String(error)}`);
      return undefined;
    }
  }
}

/** What `actual` names beats the sum of the items. */
function together(sum: CommitRequest = {}, named: CommitRequest): CommitRequest {
  return commitOf({ ...sum, ...named, amounts: { ...sum.amounts, ...named.amounts } });
}

function everything(): boolean {
  return true;
}

function argsOf({ args }: ReservedCall): never[] {
  return args as never[];
}
