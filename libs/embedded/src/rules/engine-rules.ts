import type {
  Rule,
  RuleAdmin,
  RuleAtRevision,
  RuleInput,
  RulePatch,
  RuleSetWritten,
  RuleWritten,
} from '@sundial/contract';
import {
  type LiveRules,
  parseRule,
  parseRules,
  patchRule,
  type RuleChange,
  type RuleRepository,
} from '@sundial/engine';
import { ruleNotFound } from '@sundial/engine/ports';

/** Reads the rules in force on this node, and writes where they are stored. */
export class EngineRules implements RuleAdmin {
  readonly #rules: LiveRules;
  readonly #repository: RuleRepository;

  constructor({ rules, repository }: { readonly rules: LiveRules; readonly repository: RuleRepository }) {
    this.#rules = rules;
    this.#repository = repository;
  }

  get version(): number {
    return this.#rules.current.version;
  }

  list(): readonly Rule[] {
    return this.#rules.current.rules;
  }

  get(id: string): RuleAtRevision | undefined {
    const rule = this.#rules.current.byId(id);
    return rule && { rule, revision: this.#repository.revisionOf(id) ?? this.version };
  }

  async create(rule: RuleInput): Promise<RuleWritten> {
    return this.#write({ kind: 'create', rule: parseRule(rule) });
  }

  async replace(rule: RuleInput, expected?: Expected): Promise<RuleWritten> {
    return this.#write({ kind: 'replace', rule: parseRule(rule), ...revisionIn(expected) });
  }

  async patch(id: string, changes: RulePatch, expected?: Expected): Promise<RuleWritten> {
    const known = this.get(id);
    if (!known) throw ruleNotFound(id);
    const rule = patchRule(known.rule, changes);
    // What was patched is what is replaced, also when another write changes it meanwhile.
    return this.#write({ kind: 'replace', rule, ...revisionIn(expected ?? known) });
  }

  async delete(id: string, expected?: Expected): Promise<RuleWritten> {
    return this.#write({ kind: 'delete', id, ...revisionIn(expected) });
  }

  /** What is stored can be read by its id. */
  async #write(change: RuleChange): Promise<RuleWritten> {
    const { version, nodes, effects } = await this.#repository.write(change);
    return { version, nodes, ...(effects && { effects }) };
  }

  async replaceAll(
    rules: readonly RuleInput[],
    { version }: { readonly version?: number } = {},
  ): Promise<RuleSetWritten> {
    const parsed = await parseRules({ rules });
    return this.#repository.replaceAll({
      rules: parsed,
      ...(version !== undefined && { expectedVersion: version }),
    });
  }
}

interface Expected {
  readonly revision?: number;
}

function revisionIn({ revision }: Expected = {}): { expectedRevision?: number } {
  return revision === undefined ? {} : { expectedRevision: revision };
}
