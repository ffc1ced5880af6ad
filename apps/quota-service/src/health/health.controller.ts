import { Controller, Get, Inject, Res } from '@nestjs/common';
import { LiveRules, QuotaEngine } from '@sundial/engine';
import type { FastifyReply } from 'fastify';
import { LIVE_NODES } from '../engine/tokens.js';
import { Describe } from '../http/openapi/describe.js';
import { FileFindings, type LiveNodes } from '@sundial/embedded';
import { Route } from '../http/routes/route.decorator.js';
import { Lifecycle } from '../http/lifecycle/lifecycle.js';
import { NodeLedger } from '../ledger/recording/node-ledger.js';
import { LIVE, READY_TO_SERVE } from './health.docs.js';
import { shown, shownOfFile, shownOfLedger, type Readiness } from './readiness.js';

/** For load balancers and people. Open to all; it names no subject and no key. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly engine: QuotaEngine,
    private readonly rules: LiveRules,
    @Inject(LIVE_NODES) private readonly nodes: LiveNodes,
    private readonly lifecycle: Lifecycle,
    private readonly files: FileFindings,
    private readonly ledger: NodeLedger,
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
    const { store: kind, mode, cause, breaker, pending, findings } = this.engine.status();
    const ofStore = findings.map(shown);
    const { version, provisional } = this.rules.current;
    if (this.lifecycle.isLeaving) reply.code(503);
    return {
      status: this.lifecycle.isLeaving ? 'shutting-down' : 'ready',
      store: { kind, mode, cause, breaker, pending, conditions: ofStore },
      conditions: [
        ...ofStore,
        ...this.files.current.map(shownOfFile),
        ...this.ledger.findings.map(shownOfLedger),
      ],
      rules: { version, provisional },
      nodes: { live: this.nodes.live },
      tzdata: process.versions.tz ?? 'unknown',
    };
  }
}
