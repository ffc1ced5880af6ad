import { Module } from '@nestjs/common';
import type { SharedKeys } from '@sundial/embedded';
import { QuotaEngine } from '@sundial/engine';
import { SHARED_KEYS } from '../engine/tokens.js';
import { KeyRing } from '../http/keys/key-ring.js';
import { Sessions } from '../http/sessions/sessions.js';
import { SessionController } from './session.controller.js';

const PURPOSE = 'console sessions';

/** `/console`: the operators' page, and how its readers sign in. */
@Module({
  controllers: [SessionController],
  providers: [
    {
      provide: Sessions,
      inject: [KeyRing, SHARED_KEYS, QuotaEngine],
      useFactory: (keys: KeyRing, sharedKeys: SharedKeys, engine: QuotaEngine) =>
        new Sessions({ keys, signing: () => sharedKeys(PURPOSE), now: () => engine.now() }),
    },
  ],
})
export class ConsoleModule {}
