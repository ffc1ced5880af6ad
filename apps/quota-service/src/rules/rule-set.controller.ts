import { QuotaError, type Rule, type RuleSetChanges, type RuleSetWritten } from '@sundial/contract';
import { Body, Controller, Get, Headers, Inject, Put, Req, Res } from '@nestjs/common';
import {
  changesIn,
  differencesBetween,
  LiveRules,
  MAX_LISTED_RULES,
  parseRules,
  type ReplacedRule,
  type RuleBook,
  type RuleRepository,
} from '@sundial/engine';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdminWrites } from '../admin/admin-writes.js';
import { RULE_REPOSITORY } from '../engine/tokens.js';
import { Describe } from '../http/openapi/describe.js';
import { MAX_RULE_SET_BODY_BYTES } from '../http/bounds.js';
import { Route } from '../http/routes/route.decorator.js';
import { etag, isNoneMatch, parseIfMatch } from './etag.js';
import { LIST_RULES, REPLACE_RULES } from './rule-set.docs.js';
import { parseRulesQuery, rulesPage, type RulesPage } from './rules-query.js';
import { parseWriteQuery } from './write-query.js';

/** What a set would change; `version` is that of the rules it was compared with. */
type DryRun = RuleSetChanges & { readonly version: number };

/** All rules at once: read in pages, and made what a declaration says. Their entity tag is the version. */
@Controller('admin/rules')
export class RuleSetController {
  constructor(
    private readonly live: LiveRules,
    @Inject(RULE_REPOSITORY) private readonly repository: RuleRepository,
    private readonly writes: AdminWrites,
  ) {}

  @Get()
  @Describe(LIST_RULES)
  @Route({ access: 'admin' })
  list(
    @Req() request: FastifyRequest,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): RulesPage | undefined {
    const query = parseRulesQuery(request.url);
    const { current } = this.live;
    reply.header('etag', etag(current.version));
    if (isNoneMatch(known, current.version)) return rulesPage(current, query);
    reply.code(304);
    return undefined;
  }

  @Put()
  @Describe(REPLACE_RULES)
  @Route({
    access: 'admin',
    admission: 'large-bodies',
    maxBodyBytes: MAX_RULE_SET_BODY_BYTES,
    longList: { longerThanBytes: 0, maxValues: Infinity },
  })
  async replaceAll(
    @Req() request: FastifyRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RuleSetWritten | DryRun> {
    const { dryRun, reason } = parseWriteQuery(request.url);
    if (!dryRun) this.writes.assertReason(reason);
    const rules = await parseRules(body);
    const expectedVersion = this.expected(ifMatch);
    const expected = expectedVersion === undefined ? {} : { expectedVersion };
    if (dryRun) return this.compare(rules, expectedVersion, reply);
    const { current } = this.live;
    const written = await this.repository.replaceAll({ rules, ...expected });
    const { version, nodes, created, changed, removed, effects = [] } = written;
    const counts = { created: created.length, changed: changed.length, removed: removed.length };
    this.writes.record(request, {
      action: 'rules-replaced',
      ...{ target: {}, reason, after: counts, rules: replacedRules(written, current, rules) },
      outcome: { version, nodes, effects: effects.length },
    });
    reply.header('etag', etag(version));
    return written;
  }

  private async compare(
    rules: readonly Rule[],
    expected: number | undefined,
    reply: FastifyReply,
  ): Promise<DryRun> {
    const { current } = this.live;
    const { version } = current;
    if ((expected ?? version) !== version) {
      const detail = `The rules are at version ${version} on this node, not at ${expected}; read them again.`;
      throw new QuotaError('rules-changed', detail);
    }
    reply.header('etag', etag(version));
    return { ...changesIn(await differencesBetween(current, rules)), version };
  }

  /** The version a write must find. Where this node's own is not among the wanted ones, the store has the last word. */
  private expected(ifMatch: string | undefined): number | undefined {
    const wanted = parseIfMatch(ifMatch);
    if (wanted === 'nothing' || wanted === 'existence') return undefined;
    if (wanted.length === 0)
      throw new QuotaError('rules-changed', 'If-Match holds no version of the rules, such as "12".');
    const { version } = this.live.current;
    return wanted.includes(version) ? version : Math.max(...wanted);
  }
}

/** As this node knew them before, and as they were written. */
function replacedRules(
  { created, changed, removed }: RuleSetChanges,
  before: RuleBook,
  after: readonly Rule[],
): readonly ReplacedRule[] {
  const ids = [...created, ...changed, ...removed].slice(0, MAX_LISTED_RULES);
  const written = new Map(after.map((rule) => [rule.id, rule]));
  return ids.map((id) => ({ id, before: before.byId(id), after: written.get(id) }));
}
