import { Inject, Injectable } from '@nestjs/common';
import type { OperatorControls } from '@sundial/contract';
import { CONTROLS } from '../engine/tokens.js';
import { NodeReports, type ReportingNode } from './node-reports.js';

/** What one second of a stream says. */
export interface LiveFrame {
  /** By the clock of the node that answers. */
  readonly at: string;
  /** The id of the node that answers: the first of `nodes`. */
  readonly node: string;
  readonly nodes: readonly ReportingNode[];
  /** How old the list of the nodes is: it grows while the store is away. */
  readonly nodesReadMsAgo: number;
  readonly controls: readonly LiveControl[];
  /** Controls that are in force and not listed. */
  readonly moreControls: number;
}

/** A gate, brake or drill that is in force. */
export interface LiveControl {
  readonly kind: 'gate' | 'brake' | 'drill';
  /** Null: all resources. */
  readonly resource: string | null;
  /** Of a gate `open` or `closed`; of a drill its fault; of a brake `braked`. */
  readonly state: string;
  /** Of a brake or a drill: how many of the operations it meets. */
  readonly percent: number | null;
  /** Null: until it is changed. */
  readonly until: string | null;
  readonly reason: string | null;
}

const MAX_SHOWN_CONTROLS = 50;

/** Puts together what every stream is sent: the same for all of them. */
@Injectable()
export class LiveFrames {
  constructor(
    private readonly reports: NodeReports,
    @Inject(CONTROLS) private readonly controls: OperatorControls,
  ) {}

  current(): LiveFrame {
    const { nodes, readMsAgo } = this.reports.all();
    const controls = this.#controls();
    return {
      at: new Date().toISOString(),
      node: this.reports.id,
      nodes,
      nodesReadMsAgo: readMsAgo,
      controls: controls.slice(0, MAX_SHOWN_CONTROLS),
      moreControls: Math.max(0, controls.length - MAX_SHOWN_CONTROLS),
    };
  }

  #controls(): LiveControl[] {
    return [
      ...this.controls.gates().map(({ resource, gate, until = null, reason = null }) => {
        return { kind: 'gate', resource, state: gate, percent: null, until, reason } as const;
      }),
      ...this.controls.brakes().map(({ resource, percent, until, reason = null }) => {
        return { kind: 'brake', resource, state: 'braked', percent, until, reason } as const;
      }),
      ...this.controls.drills().map(({ resource, fault, percent, until, reason = null }) => {
        return { kind: 'drill', resource, state: fault, percent, until, reason } as const;
      }),
    ];
  }
}
