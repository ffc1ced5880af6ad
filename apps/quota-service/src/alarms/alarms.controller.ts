import { Controller, Get } from '@nestjs/common';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import type { Alarm } from './alarm.js';
import { AlarmLedger } from './alarm-ledger.js';
import { LIST_ALARMS } from './alarms.docs.js';

/** What is wrong with this node, and what was. */
@Controller('admin/alarms')
export class AlarmsController {
  constructor(private readonly ledger: AlarmLedger) {}

  @Get()
  @Describe(LIST_ALARMS)
  @Route({ access: 'admin', role: 'viewer' })
  list(): { readonly active: readonly Alarm[]; readonly over: readonly Alarm[] } {
    const { active, over } = this.ledger;
    return { active, over };
  }
}
