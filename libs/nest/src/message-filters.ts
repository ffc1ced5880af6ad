import { Inject, Injectable, type Type } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { RiskLimitFilter } from './risk-limit.filter.js';

/** Metadata of Nest, by which message handlers are known without a dependency on the packages that make them. */
const GATEWAY = 'websockets:is_gateway';
const PATTERN = 'microservices:pattern';
const FILTERS = '__exceptionFilters__';

/**
 * Gives Sundial's filter to every gateway and to every controller with message handlers. WebSocket gateways have no global
 * filters at all, the microservices of a hybrid application by default none of those of the application. As the first
 * filter of its class it is asked after all others of the class and its methods.
 *
 * In the constructor: `connectMicroservice` reads the filters of controllers before any `onModuleInit`.
 */
@Injectable()
export class MessageFilters {
  constructor(
    @Inject(DiscoveryService) discovery: DiscoveryService,
    @Inject(RiskLimitFilter) filter: RiskLimitFilter,
  ) {
    for (const { metatype } of discovery.getProviders()) {
      if (isClass(metatype) && Reflect.hasMetadata(GATEWAY, metatype)) addFirst(filter, metatype);
    }
    for (const { metatype } of discovery.getControllers()) {
      if (isClass(metatype) && hasMessageHandlers(metatype)) addFirst(filter, metatype);
    }
  }
}

function isClass(metatype: unknown): metatype is Type {
  return typeof metatype === 'function' && typeof metatype.prototype === 'object';
}

function hasMessageHandlers({ prototype }: Type): boolean {
  for (let it: unknown = prototype; it && it !== Object.prototype; it = Object.getPrototypeOf(it)) {
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(it))) {
      if (typeof value === 'function' && Reflect.hasMetadata(PATTERN, value)) return true;
    }
  }
  return false;
}

/** In place of the filter of an application that this process had before, as in tests. */
function addFirst(filter: RiskLimitFilter, metatype: Type): void {
  const others = ((Reflect.getMetadata(FILTERS, metatype) ?? []) as unknown[]).filter(
    (other) => !(other instanceof RiskLimitFilter),
  );
  Reflect.defineMetadata(FILTERS, [filter, ...others], metatype);
}
