import { type DynamicModule, Module } from '@nestjs/common';
import { ExportController } from './export/export.controller.js';
import { OcrController } from './ocr/ocr.controller.js';
import { OcrService } from './ocr/ocr.service.js';
import { SpeechController } from './speech/speech.controller.js';
import { SpeechService } from './speech/speech.service.js';

/** The application knows `@RiskLimit`; whether Sundial is inside or a service elsewhere is decided where it is started. */
@Module({
  controllers: [OcrController, SpeechController, ExportController],
  providers: [OcrService, SpeechService],
})
export class AppModule {
  static with(quota: DynamicModule): DynamicModule {
    return { module: AppModule, imports: [quota] };
  }
}
