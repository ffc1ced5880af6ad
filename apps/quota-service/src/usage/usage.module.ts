import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { UsageController } from './usage.controller.js';
import { USAGE } from './usage.docs.js';

/** `GET /usage`. */
@Module({ controllers: [UsageController] })
export class UsageModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([USAGE]);
  }
}
