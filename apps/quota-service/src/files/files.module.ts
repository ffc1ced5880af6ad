import { Module } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { FileConditions } from '@sundial/embedded';
import { FileMetrics } from './file-metrics.js';

/** What is wrong with the files of this node. */
@Module({
  providers: [
    {
      provide: FileConditions,
      inject: [SETTINGS],
      useFactory: ({ dataDirectory }: Settings) => new FileConditions(dataDirectory),
    },
    FileMetrics,
  ],
  exports: [FileConditions],
})
export class FilesModule {}
