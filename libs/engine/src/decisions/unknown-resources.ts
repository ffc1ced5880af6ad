import type { CheckRequest } from '@sundial/contract';
import type { OperationIds } from '../operations/operation-ids.js';
import type { RuleBook } from '../rules/rule-book.js';
import type { EngineDecision } from './counted-limit.js';
import { noRule } from './decision.js';

/** Decides about resources that no rule counts: what is allowed counts nothing. */
export class UnknownResources {
  readonly #ids: OperationIds;
  readonly #areAllowed: boolean;

  constructor(ids: OperationIds, areAllowed: boolean) {
    this.#ids = ids;
    this.#areAllowed = areAllowed;
  }

  decide(request: CheckRequest, book: RuleBook): EngineDecision {
    const { resource } = request;
    const isAllowed = this.#areAllowed || book.knows(resource);
    const operationId = this.#ids.idWithoutRules(request);
    return noRule(isAllowed, { operationId, rulesVersion: book.version, hint: book.nearestTo(resource) });
  }
}
