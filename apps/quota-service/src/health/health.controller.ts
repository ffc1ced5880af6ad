import { Controller, Get, Inject, Res } from '@nestjs/common';
import { type EngineStatus, LiveRules, QuotaEngine, type StoreCondition } from '@sundial/engine';
import type { FastifyReply } from 'fastify';
import { LIVE_NODES } from '../engine/tokens.js';
import { Describe } from '../http/openapi/describe.js';
import { FileConditions, type FileCondition, type LiveNodes } from '@sundial/embedded';
import { Route } from '../http/routes/route.decorator.js';
import { Lifecycle } from '../http/lifecycle/lifecycle.js';
import { LIVE, READY_TO_SERVE } from './health.docs.js';

export interface Readiness {
  readonly status: 'ready' | 'shutting-down';
  readonly store: {
    readonly kind: EngineStatus['store'];
    readonly mode: EngineStatus['mode'];
    readonly cause: EngineStatus['cause'];
    readonly breaker: EngineStatus['breaker'];
    /** Degraded decisions the store does not show yet. */
    readonly owed: number;
    /** What is not right with Redis. */
    readonly conditions: readonly ShownCondition[];
  };
  /** All that is not as it should be: with the store, and with the files of this node. */
  readonly conditions: readonly (ShownCondition | FileCondition)[];
  readonly rules: { readonly version: number; readonly provisional: boolean };
  readonly nodes: { readonly live: number };
  /** The edition of the time-zone data: calendars of nodes with different ones may differ. */
  readonly tzdata: string;
}

type ShownCondition = Pick<StoreCondition, 'condition' | 'severity' | 'sentence'>;

/** For load balancers and people. Open to all; it names no subject and no key. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly engine: QuotaEngine,
    private readonly rules: LiveRules,
    @Inject(LIVE_NODES) private readonly nodes: LiveNodes,
    private readonly lifecycle: Lifecycle,
    private readonly files: FileConditions,
  ) {}

  /** The process runs and its event loop turns. */
  @Get('live')
  @Describe(LIVE)
  @Route({ access: 'open', admission: 'never', hot: true })
  live(): { readonly status: 'live' } {
    return { status: 'live' };
  }

  /** 200 also while degraded: this node still answers in time, by the rules' policies. 503 only when it is leaving. */
  @Get('ready')
  @Describe(READY_TO_SERVE)
  @Route({ access: 'open', admission: 'never', hot: true })
  ready(@Res({ passthrough: true }) reply: FastifyReply): Readiness {
    const { store: kind, mode, cause, breaker, owed, conditions: found } = this.engine.status();
    const conditions = found.map(({ condition, severity, sentence }) => ({ condition, severity, sentence }));
    const { version, provisional } = this.rules.current;
    if (this.lifecycle.isLeaving) reply.code(503);
    return {
      status: this.lifecycle.isLeaving ? 'shutting-down' : 'ready',
      store: { kind, mode, cause, breaker, owed, conditions },
      conditions: [...conditions, ...this.files.current],
      rules: { version, provisional },
      nodes: { live: this.nodes.live },
      tzdata: process.versions.tz ?? 'unknown',
    };
  }
}
