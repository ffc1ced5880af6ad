import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Door } from '../admission/door.js';
import { UnreadAnswers } from '../admission/unread-answers.js';
import { KeyRing } from '../keys/key-ring.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { OpenApiRegistry } from '../openapi/openapi-registry.js';
import { Refusals } from '../refusals/refusals.js';

/** Made before Nest is: Fastify refuses requests by them from the start. */
export interface HttpParts {
  readonly keys: KeyRing;
  readonly refusals: Refusals;
  readonly unread: UnreadAnswers;
}

/** What every route stands on: keys, admission, lifecycle, and the registry that features describe their routes to. */
@Global()
@Module({})
export class HttpModule {
  static with({ keys, refusals, unread }: HttpParts): DynamicModule {
    return {
      module: HttpModule,
      providers: [
        { provide: KeyRing, useValue: keys },
        { provide: Refusals, useValue: refusals },
        { provide: UnreadAnswers, useValue: unread },
        Door,
        Lifecycle,
        OpenApiRegistry,
      ],
      exports: [KeyRing, Refusals, UnreadAnswers, Door, Lifecycle, OpenApiRegistry],
    };
  }
}
