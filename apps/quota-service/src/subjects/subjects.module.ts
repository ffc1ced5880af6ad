import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { SubjectsController } from './subjects.controller.js';
import { NEAR_SUBJECTS, RESET_SUBJECT, SUBJECT_USAGE } from './subjects.docs.js';

/** `/admin/subjects`: who is near a limit, what a subject has used, and a reset of it. */
@Module({ controllers: [SubjectsController] })
export class SubjectsModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([NEAR_SUBJECTS, SUBJECT_USAGE, RESET_SUBJECT]);
  }
}
