import { Global, Module } from '@nestjs/common';
import { AdminWrites } from './admin-writes.js';
import { LoggedAdminEvents } from './logged-admin-events.js';
import { ADMIN_EVENTS } from './tokens.js';

/** What all writes of operators have in common: a reason, and the port their events go through. */
@Global()
@Module({
  providers: [{ provide: ADMIN_EVENTS, useClass: LoggedAdminEvents }, AdminWrites],
  exports: [AdminWrites],
})
export class AdminModule {}
