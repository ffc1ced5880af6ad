import { Body, Controller, Headers, Post, UseGuards } from '@nestjs/common';
import { SignInGuard } from '../sign-in/sign-in.guard.js';
import { OcrService, type Recognition } from './ocr.service.js';

@Controller('ocr')
@UseGuards(SignInGuard)
export class OcrController {
  constructor(private readonly ocr: OcrService) {}

  @Post()
  submit(@Headers('x-user') userId: string, @Body('imageUrl') imageUrl: string): Promise<Recognition> {
    return this.ocr.recognize(userId, imageUrl);
  }
}
