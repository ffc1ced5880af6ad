import { Body, Controller, Headers, HttpCode, ParseIntPipe, Post, UseGuards } from '@nestjs/common';
import { SignInGuard } from '../sign-in/sign-in.guard.js';
import { SpeechService, type Scoring } from './speech.service.js';

@Controller('speech')
@UseGuards(SignInGuard)
export class SpeechController {
  constructor(private readonly speech: SpeechService) {}

  @Post()
  @HttpCode(200)
  submit(
    @Headers('x-user') id: string,
    @Body('grade', ParseIntPipe) grade: number,
    @Body('recording') recording: string,
  ): Promise<Scoring> {
    return this.speech.score({ id, profile: { grade } }, recording);
  }
}
