import { Inject, Injectable } from '@nestjs/common';
import type { OperatorControls } from '@sundial/contract';
import { Gauge, Registry } from 'prom-client';
import { CONTROLS } from '../engine/tokens.js';

/** The brakes in force at the moment of a scrape. No label names a subject. */
@Injectable()
export class BrakeMetrics {
  constructor(registry: Registry, @Inject(CONTROLS) controls: OperatorControls) {
    new Gauge({
      name: 'sundial_brakes',
      help: 'Brakes in force, by resource',
      labelNames: ['resource'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { resource } of controls.brakes()) this.inc({ resource });
      },
    });
  }
}
