import { Inject, Injectable } from '@nestjs/common';
import type { OperatorControls } from '@sundial/contract';
import { Gauge, Registry } from 'prom-client';
import { CONTROLS } from '../engine/tokens.js';

/** The gates in force at the moment of a scrape. */
@Injectable()
export class GateMetrics {
  constructor(registry: Registry, @Inject(CONTROLS) controls: OperatorControls) {
    new Gauge({
      name: 'sundial_gate_state',
      help: '1 for each gate that an operator has opened or closed; resource * is the one for all',
      labelNames: ['resource', 'state'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { resource, gate: state } of controls.gates())
          this.set({ resource: resource ?? '*', state }, 1);
      },
    });
  }
}
