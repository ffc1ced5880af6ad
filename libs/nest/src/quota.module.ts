import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { Quota } from '@sundial/contract';
import { LimitedInstances } from './limited-instances.js';
import { MessageFilters } from './message-filters.js';
import { QUOTA } from './quota.token.js';
import { RiskLimitFilter } from './risk-limit.filter.js';

/** Whom the application asks: an engine in its own process, or a Sundial service through a client. */
export type QuotaModuleOptions =
  { readonly engine: Quota; readonly client?: never } | { readonly client: Quota; readonly engine?: never };

export interface QuotaModuleAsyncOptions {
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly inject?: NonNullable<FactoryProvider['inject']>;
  readonly useFactory: FactoryProvider<QuotaModuleOptions | Promise<QuotaModuleOptions>>['useFactory'];
}

/**
 * Sundial in a Nest application: import it once, in the root module. It is global: `@RiskLimit` works in every module,
 * and `@InjectQuota()` gives the quota to whoever wants to ask by hand.
 *
 * It closes nothing: whoever made the engine closes it, in `onApplicationShutdown`, when no request runs any more.
 */
@Module({})
export class QuotaModule {
  static forRoot(options: QuotaModuleOptions): DynamicModule {
    return QuotaModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: QuotaModuleAsyncOptions): DynamicModule {
    return {
      module: QuotaModule,
      global: true,
      imports: [DiscoveryModule, ...imports],
      providers: [
        {
          provide: QUOTA,
          inject,
          useFactory: async (...dependencies: unknown[]) => quotaOf(await useFactory(...dependencies)),
        },
        RiskLimitFilter,
        MessageFilters,
        LimitedInstances,
      ],
      exports: [QUOTA],
    };
  }
}

function quotaOf({ engine, client }: QuotaModuleOptions): Quota {
  const quota = engine ?? client;
  if (!quota || (engine && client)) {
    throw new TypeError(
      'QuotaModule needs one of { engine } (in this process) and { client } (a Sundial service).',
    );
  }
  return quota;
}
