import { Inject, Injectable } from '@nestjs/common';
import type { QuotaStatus } from './embedded/counting-quota.js';
import { QuotaSource } from './quota-source.js';

export interface QuotaHealthOptions {
  /**
   * What to say while Redis is away. Default `up`: the application still answers in time, by the rules' policies, and a
   * readiness probe that goes down would stop the business for the sake of its limits. `down` is for a page of dependencies.
   */
  readonly whenDegraded?: 'up' | 'down';
}

/** How the quota is, under a key: what `HealthCheckService` of @nestjs/terminus takes. */
export type QuotaHealth<Key extends string = string> = Record<
  Key,
  { readonly status: 'up' | 'down' } & Partial<QuotaStatus>
>;

/**
 * For @nestjs/terminus: `health.check([() => quota.isHealthy('sundial')])`.
 *
 * `up` with the store, its mode, the rules' version and all that is not as it should be; `down` once it is closed, and
 * while Redis is away if you say so. Asks nothing and never throws. Of a quota that is not the module's own (`client`,
 * `engine`) it knows only whether the application is closing.
 */
@Injectable()
export class QuotaHealthIndicator {
  constructor(@Inject(QuotaSource) private readonly source: QuotaSource) {}

  isHealthy<Key extends string = 'sundial'>(
    key: Key = 'sundial' as Key,
    { whenDegraded = 'up' }: QuotaHealthOptions = {},
  ): QuotaHealth<Key> {
    const known = this.source.status();
    const isDown = this.source.isClosed || (known?.mode === 'degraded' && whenDegraded === 'down');
    return { [key]: { status: isDown ? 'down' : 'up', ...known } } as QuotaHealth<Key>;
  }
}
