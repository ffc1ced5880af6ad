import type { OnApplicationShutdown } from '@nestjs/common';
import type { Quota, RuleAdmin } from '@sundial/contract';
import type { CountingQuota, QuotaStatus } from './embedded/counting-quota.js';
import { NO_RULES } from './embedded/no-rules.js';
import { openEmbedded } from './embedded/open-embedded.js';
import type { QuotaModuleOptions } from './quota.module.options.js';

/** Where the quota of an application comes from. What it opened it closes, last of all, when no request runs any more. */
export class QuotaSource implements OnApplicationShutdown {
  readonly #options: QuotaModuleOptions;
  #opened: CountingQuota | undefined;
  #isClosed = false;

  constructor(options: QuotaModuleOptions) {
    this.#options = checked(options);
  }

  /** Opens what is counted with in this process. Not asked where a test puts another quota in its place. */
  async open(): Promise<Quota> {
    const options = this.#options;
    if (options.engine) return options.engine;
    if (options.client) return options.client;
    const { onAlarm, ...settings } = options;
    this.#opened = await openEmbedded(settings, onAlarm);
    return this.#opened.quota;
  }

  get rules(): RuleAdmin {
    return this.#opened?.rules ?? NO_RULES;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Undefined where the quota is not this module's: nothing is known of it. */
  status(): QuotaStatus | undefined {
    return this.#opened?.status();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isClosed = true;
    await this.#opened?.close();
  }
}

function checked(options: QuotaModuleOptions): QuotaModuleOptions {
  const { engine, client, directory } = (options ?? {}) as Partial<Record<string, unknown>>;
  const ways = [engine, client, directory].filter((way) => way !== undefined);
  if (ways.length === 1) return options;
  throw new TypeError(
    'QuotaModule needs one of { engine } (which the application made), { client } (a Sundial service) and ' +
      '{ directory, redis?, rules?, … } (it counts in this process).',
  );
}
