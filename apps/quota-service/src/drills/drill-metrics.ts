import { Inject, Injectable } from '@nestjs/common';
import type { OperatorControls } from '@sundial/contract';
import { Gauge, Registry } from 'prom-client';
import { CONTROLS } from '../engine/tokens.js';

/** The drills that run at the moment of a scrape. */
@Injectable()
export class DrillMetrics {
  constructor(registry: Registry, @Inject(CONTROLS) controls: OperatorControls) {
    new Gauge({
      name: 'sundial_drills',
      help: '1 for each resource that sees a rehearsed outage, by its fault',
      labelNames: ['resource', 'fault'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { resource, fault } of controls.drills()) this.set({ resource, fault }, 1);
      },
    });
  }
}
