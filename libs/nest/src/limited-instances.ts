import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Quota } from '@sundial/contract';
import { bindQuota, boundQuota } from './bound-quota.js';
import { hasLimitedMethods, refuseSubjectsWithoutLimit } from './limited-methods.js';
import { QUOTA } from './quota.token.js';

/**
 * Looks at every provider and controller once, before any other module's `onModuleInit`: binds the instances that Nest
 * was given instead of making (`useFactory`, `useValue`), whose properties it does not inject, and refuses `@Subject`
 * parameters that no `@RiskLimit` reads.
 */
@Injectable()
export class LimitedInstances implements OnModuleInit {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(QUOTA) private readonly quota: Quota,
  ) {}

  onModuleInit(): void {
    for (const { instance } of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      if (typeof instance !== 'object' || instance === null || !hasLimitedMethods(instance)) continue;
      refuseSubjectsWithoutLimit(instance);
      if (!boundQuota(instance)) bindQuota(instance, this.quota);
    }
  }
}
