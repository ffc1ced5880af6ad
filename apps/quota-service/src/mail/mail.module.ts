import { Module } from '@nestjs/common';
import { SETTINGS } from '../config/settings.js';
import { LOG } from '../logging/log.js';
import { AlarmMailer } from './alarm-mailer.js';

/** What is mailed. */
@Module({
  providers: [{ provide: AlarmMailer, inject: [SETTINGS, LOG], useFactory: AlarmMailer.open }],
  exports: [AlarmMailer],
})
export class MailModule {}
