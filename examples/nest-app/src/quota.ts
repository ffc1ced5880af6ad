import type { DynamicModule } from '@nestjs/common';
import { QuotaClient } from '@sundial/client';
import { QuotaEngine } from '@sundial/engine';
import { QuotaModule } from '@sundial/nest';
import { EmbeddedSundialModule } from './embedded-sundial.module.js';

/** Sundial inside this process: nothing else to run; counters end with it. */
export function embedded(): DynamicModule {
  return QuotaModule.forRootAsync({
    imports: [EmbeddedSundialModule],
    inject: [QuotaEngine],
    useFactory: (engine: QuotaEngine) => ({ engine }),
  });
}

/** A Sundial service: many processes share one count, and its rules are changed while all of them run. */
export function remote(url: string, key?: string): DynamicModule {
  return QuotaModule.forRoot({ client: new QuotaClient({ url, ...(key && { key }) }) });
}
