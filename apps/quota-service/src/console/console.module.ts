import { Module } from '@nestjs/common';
import type { SharedKeys } from '@sundial/embedded';
import { QuotaEngine } from '@sundial/engine';
import { SHARED_KEYS } from '../engine/tokens.js';
import { KeyRing } from '../http/keys/key-ring.js';
import { Sessions } from '../http/sessions/sessions.js';
import { LOG, type Log } from '../logging/log.js';
import { ConsoleController } from './console.controller.js';
import { readConsole } from './console-files.js';
import { SessionController } from './session.controller.js';
import { CONSOLE_FILES } from './tokens.js';

const PURPOSE = 'console sessions';

/** `/console`: the operators' page, and how its readers sign in. */
@Module({
  controllers: [SessionController, ConsoleController],
  providers: [
    {
      provide: CONSOLE_FILES,
      inject: [LOG],
      useFactory: async (log: Log) => {
        const files = await readConsole();
        if (files === undefined)
          log.info('/console is not served: install all dependencies (npm ci) to have it');
        // Nest takes undefined for a provider that is missing.
        return files ?? null;
      },
    },
    {
      provide: Sessions,
      inject: [KeyRing, SHARED_KEYS, QuotaEngine],
      useFactory: (keys: KeyRing, sharedKeys: SharedKeys, engine: QuotaEngine) =>
        new Sessions({ keys, signing: () => sharedKeys(PURPOSE), now: () => engine.now() }),
    },
  ],
  exports: [Sessions],
})
export class ConsoleModule {}
