import { Inject, Injectable } from '@nestjs/common';
import { QuotaError, said } from '@sundial/contract';
import { type AdminEvent, type AdminEvents, QuotaEngine } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { SETTINGS, type Settings } from '../config/settings.js';
import { ADMIN_EVENTS } from './tokens.js';

/** Every write of an operator asks it first whether its reason will do, and records with it what was done. */
@Injectable()
export class AdminWrites {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ADMIN_EVENTS) private readonly events: AdminEvents,
    private readonly engine: QuotaEngine,
  ) {}

  /**
   * Before anything is changed: with `SUNDIAL_REQUIRE_REASON` a write says why. What is no text is left to the validation of the
   * body. @throws QuotaError `invalid-request`
   */
  assertReason(reason: unknown): void {
    if (!this.settings.requireReason) return;
    const isGiven = typeof reason === 'string' ? reason.trim() !== '' : reason !== undefined;
    if (isGiven) return;
    throw QuotaError.invalid('invalid-request', [{ path: 'reason', ...said('reason-required') }]);
  }

  /** Once it is done. */
  record(
    { actor, id: requestId }: Pick<FastifyRequest, 'actor' | 'id'>,
    event: Omit<AdminEvent, 'at' | 'actor' | 'requestId'>,
  ): void {
    this.events.record({ at: this.engine.now(), actor, requestId, ...event });
  }
}
