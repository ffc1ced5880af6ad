import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { OverridesController } from './overrides.controller.js';
import {
  EXPORT_OVERRIDES,
  IMPORT_OVERRIDES,
  LIST_OVERRIDES,
  REMOVE_OVERRIDE,
  SET_OVERRIDE,
} from './overrides.docs.js';

/** `/admin/overrides`: single subjects get more or less than their rules say. */
@Module({ controllers: [OverridesController] })
export class OverridesModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([LIST_OVERRIDES, SET_OVERRIDE, REMOVE_OVERRIDE, IMPORT_OVERRIDES, EXPORT_OVERRIDES]);
  }
}
