import { QuotaError, type Rule, type RulePreview, type RuleWritten, said } from '@sundial/contract';
import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Res,
} from '@nestjs/common';
import {
  assertPossible,
  LiveRules,
  matchesNothing,
  parseRule,
  patchRule,
  planChange,
  shownEffects,
  type RuleChange,
  type RuleRepository,
} from '@sundial/engine';
import type { FastifyReply } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { RULE_REPOSITORY } from '../engine/tokens.js';
import { CREATE_RULE, DELETE_RULE, PATCH_RULE, READ_RULE, REPLACE_RULE } from './rules.docs.js';
import { etag, isNoneMatch, parseIfMatch } from './etag.js';
import { parseWriteQuery } from './write-query.js';

type RuleAnswer = (RuleWritten | RulePreview) & { readonly rule: Rule };

/**
 * The operators' side of one rule. Reading answers from the rule book in force on this node; a write answers when the live
 * nodes have put it in force, and says what it does to counters and callers; with `dryRun=true` it does nothing else.
 * Revisions travel as entity tags: with `If-Match` no caller overwrites a change unseen.
 */
@Controller('admin/rules')
export class RulesController {
  constructor(
    private readonly live: LiveRules,
    @Inject(RULE_REPOSITORY) private readonly repository: RuleRepository,
    private readonly writes: AdminWrites,
  ) {}

  @Get(':id')
  @Describe(READ_RULE)
  @Route({ access: 'admin', role: 'viewer' })
  read(
    @Param('id') id: string,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Rule | undefined {
    const rule = this.ruleInForce(id);
    return unlessKnown(known, this.repository.revisionOf(id) ?? 0, reply, rule);
  }

  @Post()
  @HttpCode(201)
  @Describe(CREATE_RULE)
  @Route({ access: 'admin', role: 'admin' })
  create(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<RuleAnswer> {
    return this.write({ kind: 'create', rule: parseRule(body) }, reply);
  }

  @Put(':id')
  @Describe(REPLACE_RULE)
  @Route({ access: 'admin', role: 'admin' })
  replace(
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RuleAnswer> {
    const rule = parseRule(withId(body, id));
    const own = this.repository.revisionOf(id);
    if (own !== undefined && !isNoneMatch(ifNoneMatch, own)) throw isThere(id);
    if (ifMatch !== undefined)
      return this.write({ kind: 'replace', rule, ...this.expected(id, ifMatch) }, reply);
    if (ifNoneMatch?.trim() !== '*') return this.write({ kind: 'put', rule }, reply);
    return this.write({ kind: 'create', rule }, reply).catch((error: unknown) => {
      throw error instanceof QuotaError && error.code === 'rule-exists' ? isThere(id) : error;
    });
  }

  /** Always compared with the revision it was read at, so that two patches at once cannot undo each other. */
  @Patch(':id')
  @Describe(PATCH_RULE)
  @Route({ access: 'admin', role: 'admin' })
  patch(
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RuleAnswer> {
    const read = this.repository.revisionOf(id);
    const rule = patchRule(this.ruleInForce(id), body);
    const expected = { ...(read !== undefined && { expectedRevision: read }), ...this.expected(id, ifMatch) };
    return this.write({ kind: 'replace', rule, ...expected }, reply);
  }

  @Delete(':id')
  @Describe(DELETE_RULE)
  @Route({ access: 'admin', role: 'admin' })
  delete(
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RuleAnswer> {
    this.ruleInForce(id);
    return this.write({ kind: 'delete', id, ...this.expected(id, ifMatch) }, reply);
  }

  private async write(change: RuleChange, reply: FastifyReply): Promise<RuleAnswer> {
    if (change.kind !== 'delete') this.assertMatchable(change.rule);
    const { dryRun, reason } = parseWriteQuery(reply.request.url);
    if (dryRun) return this.preview(change, reply);
    this.writes.assertReason(reason);
    const id = idOf(change);
    const before = this.live.current.byId(id);
    const { rule = before!, version, nodes, created, effects } = await this.repository.write(change);
    const isDeleted = change.kind === 'delete';
    this.writes.record(reply.request, {
      action: isDeleted ? 'rule-deleted' : created ? 'rule-created' : 'rule-changed',
      ...{ target: { rule: id }, reason, before, ...(!isDeleted && { after: rule }) },
      outcome: { version, nodes, effects },
    });
    if (!isDeleted) reply.header('etag', etag(version));
    if (created) reply.code(201).header('location', `/admin/rules/${rule.id}`);
    return { rule, version, nodes, ...(effects && { effects }) };
  }

  /** What a write would answer, but for what only the store knows. */
  private async preview(change: RuleChange, reply: FastifyReply): Promise<RuleAnswer> {
    const { current } = this.live;
    assertPossible(change, { revision: current.revisionOf(idOf(change)), size: current.size });
    const { rule, effects } = await planChange(current, change);
    reply.code(200);
    return { rule: rule!, version: current.version, ...shownEffects(effects) };
  }

  /** @throws QuotaError `invalid-rule` */
  private assertMatchable(rule: Rule): void {
    const errors = matchesNothing(this.live.current, rule);
    if (errors.length > 0) throw QuotaError.invalid('invalid-rule', errors);
  }

  private ruleInForce(id: string): Rule {
    const rule = this.live.current.byId(id);
    if (!rule) throw new QuotaError('rule-not-found', `There is no rule ${JSON.stringify(id)}.`);
    return rule;
  }

  /** The revision a write must find. Where this node's own is not among the wanted ones, the store has the last word. */
  private expected(id: string, ifMatch: string | undefined): { readonly expectedRevision?: number } {
    const wanted = parseIfMatch(ifMatch);
    if (wanted === 'nothing' || wanted === 'existence') return {};
    if (wanted.length === 0)
      throw new QuotaError('rule-changed', 'If-Match holds no revision of a rule, such as "12".');
    const own = this.repository.revisionOf(id);
    return { expectedRevision: own !== undefined && wanted.includes(own) ? own : Math.max(...wanted) };
  }
}

function idOf(change: RuleChange): string {
  return change.kind === 'delete' ? change.id : change.rule.id;
}

function isThere(id: string): QuotaError {
  return new QuotaError(
    'rule-changed',
    `If-None-Match wants that there is no such rule, and there is: ${id}.`,
  );
}

function unlessKnown<T>(
  known: string | undefined,
  version: number,
  reply: FastifyReply,
  answer: T,
): T | undefined {
  reply.header('etag', etag(version));
  if (isNoneMatch(known, version)) return answer;
  reply.code(304);
  return undefined;
}

/** The path names the rule; a body that names another one is an error, not a rename. */
function withId(body: unknown, id: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  if ('id' in body && body.id !== id) {
    throw QuotaError.invalid('invalid-rule', [{ path: 'id', ...said('id-of-path') }]);
  }
  return { ...body, id };
}
