import { Global, Module, type DynamicModule } from '@nestjs/common';
import { LOG, LOG_LINES, type Log, type LogLines } from './log.js';

@Global()
@Module({})
export class LoggingModule {
  static to(log: Log, lines: LogLines): DynamicModule {
    return {
      module: LoggingModule,
      providers: [
        { provide: LOG, useValue: log },
        { provide: LOG_LINES, useValue: lines },
      ],
      exports: [LOG, LOG_LINES],
    };
  }
}
