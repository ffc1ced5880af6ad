import type { FactoryProvider, ModuleMetadata } from '@nestjs/common';
import type { Quota, QuotaAlarm, QuotaSettings } from '@sundial/contract';

/**
 * Sundial in the process of the application: counters on Redis, or in memory with a log in `directory`; live rules, shared
 * with all programs and services on the same Redis; a journal of what is decided while Redis is away. Needs the package
 * `@sundial/embedded`.
 */
export interface QuotaInProcessOptions extends QuotaSettings {
  /** Called with what an operator should know: once, not once a check. Default: the log of the application, as `Sundial`. */
  readonly onAlarm?: (alarm: QuotaAlarm) => void;
  readonly engine?: never;
  readonly client?: never;
}

/** Whom the application asks: Sundial in its own process, a Sundial service, or an engine that it made (and closes) itself. */
export type QuotaModuleOptions =
  | QuotaInProcessOptions
  | { readonly client: Quota; readonly engine?: never; readonly directory?: never }
  | { readonly engine: Quota; readonly client?: never; readonly directory?: never };

export interface QuotaModuleAsyncOptions {
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly inject?: NonNullable<FactoryProvider['inject']>;
  readonly useFactory: FactoryProvider<QuotaModuleOptions | Promise<QuotaModuleOptions>>['useFactory'];
}
