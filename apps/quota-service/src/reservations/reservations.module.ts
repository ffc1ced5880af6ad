import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { CorrectionsController } from './corrections.controller.js';
import { CORRECT_USAGE } from './corrections.docs.js';
import { RefundsController } from './refunds.controller.js';
import { REFUND, RETURN } from './refunds.docs.js';
import { ReservationsController } from './reservations.controller.js';
import { COMMIT, EXTEND, RELEASE, RESERVATION, RESERVE } from './reservations.docs.js';

/** `/reservations`, and what else gives units back: `POST /refunds`, `POST /returns` and `PUT /admin/subjects/usage`. */
@Module({ controllers: [ReservationsController, RefundsController, CorrectionsController] })
export class ReservationsModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([RESERVE, RESERVATION, COMMIT, RELEASE, EXTEND, REFUND, RETURN, CORRECT_USAGE]);
  }
}
