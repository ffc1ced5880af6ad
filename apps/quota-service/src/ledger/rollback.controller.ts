import { QuotaError, type Rule, type RuleWritten } from '@sundial/contract';
import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { LiveRules, parseRule, type RuleRepository } from '@sundial/engine';
import type { FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { RULE_REPOSITORY } from '../engine/tokens.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { askLedger } from './questions/ask-ledger.js';
import { ruleAtVersion } from './questions/rule-at-version.js';
import { NodeLedger } from './recording/node-ledger.js';
import { readRollback } from './rollback-request.js';
import { ROLL_BACK_RULE } from './rollback.docs.js';

/** A rule as the audit knows it from before, in force again. */
@Controller('admin/rules/:id/rollback')
export class RollbackController {
  constructor(
    private readonly node: NodeLedger,
    private readonly live: LiveRules,
    @Inject(RULE_REPOSITORY) private readonly repository: RuleRepository,
    private readonly writes: AdminWrites,
  ) {}

  @Post()
  @HttpCode(200)
  @Describe(ROLL_BACK_RULE)
  @Route({ access: 'admin', role: 'admin' })
  async rollBack(
    @Param('id') id: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<RuleWritten & { readonly rule: Rule }> {
    const { version: wanted, reason } = readRollback(body);
    this.writes.assertReason(reason);
    const { answer } = await askLedger(this.node, (questions) => ruleAtVersion(questions, id, wanted));
    if (answer === undefined) throw notKnown(id, wanted);
    const before = this.live.current.byId(id);
    const { rule, version, nodes, effects } = await this.repository.write({
      kind: 'put',
      rule: parseRule(answer),
    });
    this.writes.record(request, {
      action: 'rule-rolled-back',
      ...{ target: { rule: id }, reason, before, after: rule },
      outcome: { version, nodes, effects, to: wanted },
    });
    return { rule: rule!, version, nodes, ...(effects && { effects }) };
  }
}

function notKnown(id: string, version: number): QuotaError {
  return new QuotaError(
    'rule-not-found',
    `The ledger does not know the rule ${JSON.stringify(id)} as of version ${version}: it was not there then, or was changed by a ` +
      'replacement of all rules, or before anything was recorded. GET /admin/audit?rule=… shows what is known.',
  );
}
