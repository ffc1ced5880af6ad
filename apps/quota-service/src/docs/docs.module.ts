import { Module } from '@nestjs/common';
import { DocsController } from './docs.controller.js';

/** `GET /docs`. `openapi.ts` serves the document beside it, from what the features have added. */
@Module({ controllers: [DocsController] })
export class DocsModule {}
