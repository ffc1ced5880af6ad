import type { OnCall } from './events/client-call.js';
import type { ClientAlarm } from './events/client-events.js';
import type { Fallback } from './fallback/fallback.js';

/** How a `QuotaClient` is made. Either `url` or `endpoints`; everything else has a default. */
export interface QuotaClientOptions {
  /** Where the service is: `http(s)://host[:port]`, with a path when a proxy puts it under one. */
  readonly url?: string;
  /**
   * 1 to 16 addresses of one service, the main one first and then its backups: nodes on one store, or load balancers before
   * them. Calls go to the first that is well, and come back to it. An address that failed 3 times in a row is skipped, and
   * probed (`GET /health/ready`) aside until it is well.
   */
  readonly endpoints?: readonly string[];
  /** One of the service's check keys; not needed where it runs without keys. The same for all endpoints. */
  readonly key?: string;
  /**
   * Every verb is answered within so many milliseconds (and 15 more for this process's own work), whatever the network and the
   * service do: 10 to 60,000, default 200. An attempt takes at most half of what is left of it.
   */
  readonly deadlineMs?: number;
  /**
   * How often a call may be tried again at an endpoint that has failed it, within the deadline, after a random wait and always
   * under the same operation id: 0 to 10, default 2. Going on to another endpoint is no retry. All calls together retry at
   * most a tenth of their number, or 10 times a second.
   */
  readonly retries?: number;
  /**
   * What decides where no endpoint does: by resource, and `default` for all others. `allow` (the default: the business first),
   * `deny` (the cost first), or a function of the resource and the cause. One policy alone is that of every resource.
   */
  readonly fallback?: Fallback | Readonly<Record<string, Fallback>>;
  /** Where the operations are kept that no service decided, until it has them. Default: in memory. */
  readonly journal?: {
    /** Operations at most, delivered ones included while there is room: 1 to 1,000,000, default 10,000. Beyond it none is kept. */
    readonly maxOperations?: number;
    /**
     * A file of this client alone, readable by its user, that survives `kill -9`: lines of JSON. Its directory must exist. Each
     * degraded decision waits until the operating system has its line.
     */
    readonly file?: string;
  };
  /**
   * Checks that are asked for together share requests, so that one connection carries many more of them. Default true. A check
   * that comes alone goes out at once.
   */
  readonly merge?: boolean;
  /** Alarms: patterns of calls that no service decided, and a journal that keeps no more. */
  readonly onAlarm?: (alarm: ClientAlarm) => void;
  /** Of the calls of a minute (at least 100), above which failed ones are an alarm: 0 to 1, default 0.05. */
  readonly alarmErrorRate?: number;
  /**
   * For tracing by something else than OpenTelemetry, which needs no option: called when a verb begins; what it returns is called
   * when it has ended. Neither can fail the call.
   */
  readonly onCall?: OnCall;
  /** For tracing: headers of each request, e.g. `traceparent`. The client's own come first. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /**
   * Instead of the global `fetch`, e.g. one with its own connection pool. The global one is looked up at each call, so that an
   * interceptor that is installed later (tracing, a test's mock) sees the calls too.
   */
  readonly fetch?: typeof fetch;
}
