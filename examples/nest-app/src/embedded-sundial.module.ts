import { fileURLToPath } from 'node:url';
import { Module, type OnApplicationShutdown } from '@nestjs/common';
import {
  DirectRunner,
  LiveRules,
  loadRuleFile,
  MemoryStore,
  QuotaEngine,
  RuleBook,
  type Store,
} from '@sundial/engine';
import { ResilientRunner } from '@sundial/resilience';

const RULES_FILE = fileURLToPath(new URL('../rules.yaml', import.meta.url));

/** Where counters live. */
export const STORE = Symbol('Store');

/** An engine with a store and the rules of `rules.yaml`. A change of the rules is one `LiveRules.apply`. */
@Module({
  providers: [
    { provide: STORE, useFactory: () => MemoryStore.open() },
    {
      provide: LiveRules,
      useFactory: async () => new LiveRules(new RuleBook(1, await loadRuleFile(RULES_FILE))),
    },
    {
      provide: QuotaEngine,
      inject: [STORE, LiveRules],
      useFactory: (store: Store, rules: LiveRules) =>
        new QuotaEngine({
          runner: store.kind === 'embedded' ? new DirectRunner(store) : new ResilientRunner({ store }),
          rules,
        }),
    },
  ],
  exports: [QuotaEngine],
})
export class EmbeddedSundialModule implements OnApplicationShutdown {
  constructor(private readonly engine: QuotaEngine) {}

  onApplicationShutdown(): Promise<void> {
    return this.engine.close();
  }
}
