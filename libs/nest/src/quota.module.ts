import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { Quota } from '@sundial/contract';
import { LimitedInstances } from './limited-instances.js';
import { MessageFilters } from './message-filters.js';
import { QuotaHealthIndicator } from './quota-health.indicator.js';
import type { QuotaModuleAsyncOptions, QuotaModuleOptions } from './quota.module.options.js';
import { QuotaSource } from './quota-source.js';
import { QUOTA } from './quota.token.js';
import { RiskLimitFilter } from './risk-limit.filter.js';
import { RULES } from './rules.token.js';

/**
 * Sundial in a Nest application: import it once, in the root module. It is global: `@RiskLimit` works in every module,
 * `@InjectQuota()` gives the quota for asking by hand, `@InjectRules()` the rules, and `QuotaHealthIndicator` says how it is.
 *
 * What it opened it closes in `onApplicationShutdown`, when no request runs any more, after the modules of the
 * application: call `app.enableShutdownHooks()`, so that a signal does not kill it first. A `client` or an `engine` is closed by
 * the application that made it.
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
          provide: QuotaSource,
          inject,
          useFactory: async (...dependencies: unknown[]) =>
            new QuotaSource(await useFactory(...dependencies)),
        },
        { provide: QUOTA, inject: [QuotaSource], useFactory: (source: QuotaSource) => source.open() },
        // After the quota: where a test has put another one in its place, nothing was opened, and there are no rules.
        {
          provide: RULES,
          inject: [QuotaSource, QUOTA],
          useFactory: (source: QuotaSource, _quota: Quota) => source.rules,
        },
        QuotaHealthIndicator,
        RiskLimitFilter,
        MessageFilters,
        LimitedInstances,
      ],
      exports: [QUOTA, RULES, QuotaHealthIndicator],
    };
  }
}
