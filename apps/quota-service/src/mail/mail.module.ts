import { Module } from '@nestjs/common';
import { AlarmMailer } from './alarm-mailer.js';

/** What is mailed. */
@Module({ providers: [AlarmMailer], exports: [AlarmMailer] })
export class MailModule {}
