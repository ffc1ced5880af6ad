import { Module } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { FileFindings } from '@sundial/embedded';
import { FileMetrics } from './file-metrics.js';

/** What is wrong with the files of this node. */
@Module({
  providers: [
    {
      provide: FileFindings,
      inject: [SETTINGS],
      useFactory: ({ dataDirectory }: Settings) => new FileFindings(dataDirectory),
    },
    FileMetrics,
  ],
  exports: [FileFindings],
})
export class FilesModule {}
