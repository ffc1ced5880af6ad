import type { RuleInput } from './rule-admin.js';

/**
 * What Sundial in a process is opened with (`openQuota` of `@sundial/embedded`, `QuotaModule.forRoot` of
 * `@sundial/nest`). Without `redis` it counts in this process alone.
 */
export interface QuotaSettings {
  /** Where nodes count together and share their rules. Absent: counters and rules are this process's, in `directory`. */
  readonly redis?: RedisSettings | undefined;
  /**
   * This process's own directory, made where there is none, readable by its user alone. It keeps over a restart: the
   * counters and rules of a process without Redis; else the last rules it knew, and what it decided while Redis was away.
   */
  readonly directory: string;
  /** The rules to begin with where none are stored yet: a YAML file, or the rules. Default: none. */
  readonly rules?: string | readonly RuleInput[] | undefined;
  /** A check is answered within so many milliseconds, whatever Redis does: 5 to 10,000. Default 50. */
  readonly deadlineMs?: number | undefined;
  /** The checks of a batch wait at most so many milliseconds for their turn: 50 to 60,000. Default 2,000. */
  readonly batchDeadlineMs?: number | undefined;
  /** What to answer for a resource that no rule names. Default `allow`. */
  readonly unknownResource?: 'allow' | 'deny' | undefined;
  /**
   * When a decision that was made without Redis is answered: `group` (the default) at once, and the journal has it on disk
   * within 50 ms; `strict` when the disk holds it, so that a killed process has promised nothing that is lost.
   */
  readonly journal?: 'group' | 'strict' | undefined;
  /**
   * Without Redis: counters at most, one a rule and subject, 1 to 100,000,000. New subjects beyond it are decided by their
   * rules' `degrade` policies. Default: what three quarters of the heap hold.
   */
  readonly maxSubjects?: number | undefined;
  /** Milliseconds added to the clock that decides windows, for tests of the calendar. Default 0; never in production. */
  readonly clockOffsetMs?: number | undefined;
}

/** One Redis, the servers behind Sentinels, or a Cluster. */
export type RedisSettings = (
  | {
      readonly kind?: 'single';
      /**
       * `redis://[user:password@]host:6379[/database]`, `rediss://` for TLS, or
       * `unix://[user:password@]/path/to/redis.sock[?db=database]`.
       */
      readonly url: string;
    }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly RedisHost[];
      /** By which the sentinels know the master. */
      readonly name: string;
      /** User, password and, as `rediss:`, TLS of the servers that the sentinels watch; its host says nothing. */
      readonly url?: string;
      /** For the sentinels themselves, where they ask for it. */
      readonly sentinelCredentials?: { readonly username?: string; readonly password: string };
    }
  | {
      readonly kind: 'cluster';
      /** Some nodes of the Cluster; the others are found. */
      readonly nodes: readonly RedisHost[];
      /** User, password and, as `rediss:`, TLS of all nodes; its host says nothing. */
      readonly url?: string;
    }
) & {
  /** Certificates (PEM) of the authority that signed those of Redis. Default: the authorities that Node.js trusts. */
  readonly ca?: string;
};

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}
