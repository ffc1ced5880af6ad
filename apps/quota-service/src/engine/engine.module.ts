import {
  Global,
  Inject,
  Module,
  type DynamicModule,
  type ModuleMetadata,
  type OnApplicationShutdown,
  type Provider,
  type Type,
} from '@nestjs/common';
import type { ReceiptIssuer } from '@sundial/contract';
import { FileFindings, observers, type OpenedQuota } from '@sundial/embedded';
import { LiveRules, QuotaEngine, type QuotaObserver } from '@sundial/engine';
import { SETTINGS, type Settings } from '../config/settings.js';
import { FilesModule } from '../files/files.module.js';
import { LOG, type Log } from '../logging/log.js';
import { openEngine } from './open-engine.js';
import {
  CONTROLS,
  LIVE_NODES,
  OBSERVER,
  OPENED_QUOTA,
  OVERRIDES,
  RECEIPT_STORE,
  RULE_REPOSITORY,
} from './tokens.js';

export interface EngineObservers {
  /** The providers that observe what the engine decides and meets, in this order. */
  readonly observers: readonly (Type<QuotaObserver> | symbol)[];
  /** What signs receipts. */
  readonly receipts: Type<ReceiptIssuer>;
  /** The modules that export them. */
  readonly imports: NonNullable<ModuleMetadata['imports']>;
}

/**
 * The engine, its rules and its rule repository for every feature. It is given its observers, so that the observers are
 * there before the first event and the engine knows no feature. Nest ends global modules last: what a feature does while
 * the service closes still finds an engine.
 */
@Global()
@Module({})
export class EngineModule implements OnApplicationShutdown {
  constructor(@Inject(OPENED_QUOTA) private readonly opened: OpenedQuota) {}

  static observedBy({ observers: observing, receipts, imports }: EngineObservers): DynamicModule {
    return {
      module: EngineModule,
      imports: [FilesModule, ...imports],
      providers: [
        { provide: OBSERVER, inject: [...observing], useFactory: observers },
        {
          provide: OPENED_QUOTA,
          inject: [SETTINGS, LOG, FileFindings, OBSERVER, receipts],
          useFactory: (
            settings: Settings,
            log: Log,
            files: FileFindings,
            observer: QuotaObserver,
            receipts: ReceiptIssuer,
          ) => openEngine({ settings, log, files, observer, receipts }),
        },
        part(QuotaEngine, ({ engine }) => engine),
        part(LiveRules, ({ rules }) => rules),
        part(RULE_REPOSITORY, ({ repository }) => repository),
        part(CONTROLS, ({ controls }) => controls),
        part(OVERRIDES, ({ overrides }) => overrides),
        part(LIVE_NODES, ({ nodes }) => nodes),
        part(RECEIPT_STORE, ({ receiptStore }) => receiptStore),
      ],
      exports: [
        OPENED_QUOTA,
        QuotaEngine,
        LiveRules,
        RULE_REPOSITORY,
        CONTROLS,
        OVERRIDES,
        LIVE_NODES,
        RECEIPT_STORE,
      ],
    };
  }

  /** Not in `onModuleDestroy`: requests are still in flight then. */
  onApplicationShutdown(): Promise<void> {
    return this.opened.close();
  }
}

function part(provide: Type | symbol, of: (opened: OpenedQuota) => unknown): Provider {
  return { provide, inject: [OPENED_QUOTA], useFactory: of };
}
