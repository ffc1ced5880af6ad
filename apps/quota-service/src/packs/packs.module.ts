import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { PacksController } from './packs.controller.js';
import { ADD_PACK, CANCEL_PACK, LIST_PACKS } from './packs.docs.js';

/** `/admin/packs`. */
@Module({ controllers: [PacksController] })
export class PacksModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([ADD_PACK, LIST_PACKS, CANCEL_PACK]);
  }
}
