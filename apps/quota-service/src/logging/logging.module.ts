import { Global, Module, type DynamicModule } from '@nestjs/common';
import { LOG, type Log } from './log.js';

@Global()
@Module({})
export class LoggingModule {
  static to(log: Log): DynamicModule {
    return { module: LoggingModule, providers: [{ provide: LOG, useValue: log }], exports: [LOG] };
  }
}
