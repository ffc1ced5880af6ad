import { Controller, Get, Req } from '@nestjs/common';
import { NAME_PATTERN, QuotaError, said } from '@sundial/contract';
import type { FastifyRequest } from 'fastify';
import { Describe } from '../http/openapi/describe.js';
import { readQuery, unknownParameters } from '../http/query.js';
import { Route } from '../http/routes/route.decorator.js';
import { QuotaMetrics, type RuleTotals } from '../metrics/quota-metrics.js';
import { RULE_USE } from './rule-use.docs.js';

/** What one node has decided under some rules. */
export interface RuleUse {
  /** When the node began to count: another one than before means another node, or a restart. */
  readonly since: string;
  /** When it was read, by the clock of the node. */
  readonly at: string;
  readonly rules: readonly ({ readonly rule: string } & RuleTotals)[];
}

const MAX_RULES = 100;

/** What a page that lists rules shows beside them: numbers that the metrics count anyway. */
@Controller('admin/rule-use')
export class RuleUseController {
  readonly #since = new Date().toISOString();

  constructor(private readonly metrics: QuotaMetrics) {}

  @Get()
  @Describe(RULE_USE)
  @Route({ access: 'admin', role: 'viewer' })
  read(@Req() { url }: FastifyRequest): RuleUse {
    return {
      since: this.#since,
      at: new Date().toISOString(),
      rules: rulesIn(url).map((rule) => ({ rule, ...this.metrics.ofRule(rule) })),
    };
  }
}

/** @throws QuotaError `invalid-request` */
function rulesIn(url: string): string[] {
  const values = readQuery(url);
  const rules = [...new Set(values.get('rules')?.split(','))];
  const areNames = rules.length >= 1 && rules.length <= MAX_RULES && rules.every(isName);
  const errors = [
    ...unknownParameters(values.keys(), ['rules']),
    ...(areNames ? [] : [{ path: 'rules', ...said('rule-ids', { to: MAX_RULES }) }]),
  ];
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return rules;
}

function isName(text: string): boolean {
  return NAME_PATTERN.test(text);
}
