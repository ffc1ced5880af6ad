import { Global, Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { AdminWrites } from './admin-writes.js';
import { LoggedAdminEvents } from './logged-admin-events.js';
import { MeController } from './me.controller.js';
import { READ_ME } from './me.docs.js';
import { ADMIN_EVENTS } from './tokens.js';

/** What all writes of operators have in common (a reason, and the port their events go through), and `GET /admin/me`. */
@Global()
@Module({
  controllers: [MeController],
  providers: [{ provide: ADMIN_EVENTS, useClass: LoggedAdminEvents }, AdminWrites],
  exports: [AdminWrites],
})
export class AdminModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([READ_ME]);
  }
}
