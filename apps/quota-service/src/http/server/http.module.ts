import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Door } from '../admission/door.js';
import { KeyRing } from '../keys/key-ring.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { OpenApiRegistry } from '../openapi/openapi-registry.js';
import { Refusals } from '../refusals/refusals.js';

/** Made before Nest is: Fastify refuses requests by them from the start. */
export interface HttpParts {
  readonly keys: KeyRing;
  readonly refusals: Refusals;
}

/** What every route stands on: keys, admission, lifecycle, and the registry that features describe their routes to. */
@Global()
@Module({})
export class HttpModule {
  static with({ keys, refusals }: HttpParts): DynamicModule {
    return {
      module: HttpModule,
      providers: [
        { provide: KeyRing, useValue: keys },
        { provide: Refusals, useValue: refusals },
        Door,
        Lifecycle,
        OpenApiRegistry,
      ],
      exports: [KeyRing, Refusals, Door, Lifecycle, OpenApiRegistry],
    };
  }
}
