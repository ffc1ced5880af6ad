import { fileURLToPath } from 'node:url';
import type { DynamicModule } from '@nestjs/common';
import { QuotaClient } from '@sundial/client';
import { QuotaModule, type QuotaSettings } from '@sundial/nest';

const rules = fileURLToPath(new URL('../rules.yaml', import.meta.url));

/** Sundial inside this process, which needs nothing else to run; with `redis` it counts together with all others there. */
export function inProcess(settings: Partial<QuotaSettings> = {}): DynamicModule {
  return QuotaModule.forRoot({ directory: './data', rules, ...settings });
}

/**
 * A Sundial service: many processes share one count, and its rules are changed while all of them run. Where it does not
 * answer, the client decides: business goes on, but for exports.
 */
export function remote(url: string, key?: string): DynamicModule {
  const fallback = { default: 'allow', export: 'deny' } as const;
  return QuotaModule.forRoot({ client: new QuotaClient({ url, fallback, ...(key && { key }) }) });
}
