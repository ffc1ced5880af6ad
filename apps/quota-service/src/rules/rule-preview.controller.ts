import {
  type InputError,
  QuotaError,
  type Rule,
  type RuleOutlook,
  type RuleTrial,
  type RuleTried,
  said,
} from '@sundial/contract';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { LiveRules, matchesNothing, parseRule, patchRule, planChange, QuotaEngine } from '@sundial/engine';
import { Describe } from '../http/openapi/describe.js';
import { Route } from '../http/routes/route.decorator.js';
import { PREVIEW_RULE, TRY_RULE } from './rule-preview.docs.js';

/** What a rule, or a change of one, would do now, from what is counted, and what a check would be answered. Writes nothing. */
@Controller('admin/rules')
export class RulePreviewController {
  constructor(
    private readonly live: LiveRules,
    private readonly engine: QuotaEngine,
  ) {}

  @Post('preview')
  @HttpCode(200)
  @Describe(PREVIEW_RULE)
  @Route({ access: 'admin', role: 'viewer' })
  async preview(@Body() body: unknown): Promise<RuleOutlook> {
    const { current } = this.live;
    const wanted = this.ruleOf(body);
    const errors = matchesNothing(current, wanted);
    if (errors.length > 0) throw QuotaError.invalid('invalid-rule', errors);
    const { rule, effects } = await planChange(current, { kind: 'put', rule: wanted });
    return this.engine.subjects.outlook(rule!, effects);
  }

  @Post('try')
  @HttpCode(200)
  @Describe(TRY_RULE)
  @Route({ access: 'admin', role: 'viewer' })
  tryCheck(@Body() body: unknown): Promise<RuleTried> {
    const { rule: written, ...check } = (typeof body === 'object' && body !== null ? body : {}) as RuleTrial;
    const rule = parseRule(written);
    return this.engine.subjects.tried(rule, check);
  }

  /** @throws QuotaError `invalid-request`, `invalid-rule`, `rule-not-found` */
  private ruleOf(body: unknown): Rule {
    const given = typeof body === 'object' && body !== null ? body : {};
    if ('resource' in given) return parseRule(given);
    const errors = errorsIn(given);
    if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
    if ('rule' in given) return parseRule(given.rule);
    const { id, change } = given as { readonly id: string; readonly change: unknown };
    const rule = this.live.current.byId(id);
    if (rule === undefined) throw new QuotaError('rule-not-found', `There is no rule ${JSON.stringify(id)}.`);
    return patchRule(rule, change);
  }
}

function errorsIn(body: object): readonly InputError[] {
  const names = Object.keys(body);
  const unknown = names.filter((name) => !['rule', 'id', 'change'].includes(name));
  const errors: InputError[] = unknown.map((name) => ({ path: name.slice(0, 64), ...said('unknown-field') }));
  if ('rule' in body) {
    if (names.length - unknown.length > 1) errors.push({ path: 'rule', ...said('rule-alone') });
    return errors;
  }
  if (!('id' in body) || typeof body.id !== 'string') errors.push({ path: 'id', ...said('rule-or-id') });
  if (!('change' in body)) errors.push({ path: 'change', ...said('rule-change') });
  return errors;
}
