import { type DynamicModule, Global, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import type { AdminEvents } from '@sundial/engine';
import { AdminWrites } from './admin-writes.js';
import { LoggedAdminEvents } from './logged-admin-events.js';
import { ADMIN_EVENTS } from './tokens.js';

export interface AdminRecords {
  /** Where the events of operators' writes go beside the log. */
  readonly events: readonly Type<AdminEvents>[];
  /** The modules that export them. */
  readonly imports: NonNullable<ModuleMetadata['imports']>;
}

/** What all writes of operators have in common: a reason, and the port their events go through. */
@Global()
@Module({})
export class AdminModule {
  static recordedIn({ events, imports }: AdminRecords): DynamicModule {
    return {
      module: AdminModule,
      imports: [...imports],
      providers: [
        LoggedAdminEvents,
        { provide: ADMIN_EVENTS, inject: [LoggedAdminEvents, ...events], useFactory: adminEvents },
        AdminWrites,
      ],
      exports: [AdminWrites],
    };
  }
}

function adminEvents(...all: readonly AdminEvents[]): AdminEvents {
  return { record: (event) => all.forEach((each) => each.record(event)) };
}
