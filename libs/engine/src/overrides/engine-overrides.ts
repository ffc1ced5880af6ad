import {
  type InputError,
  MAX_IMPORTED_OVERRIDES,
  MAX_OVERRIDES_PER_PAGE,
  type Override,
  type OverrideActor,
  type OverrideAdmin,
  type OverrideInput,
  type OverridePage,
  type OverridesQuery,
  type OverrideWritten,
  QuotaError,
  said,
  type Rule,
  type Subject,
} from '@sundial/contract';
import { counterKey } from '../counters/counter-key.js';
import { fieldOf } from '../counters/limit-field.js';
import { CheckPlanner } from '../decisions/check-planner.js';
import { TimeSlice } from '../event-loop/time-slice.js';
import { notTheAttributes } from '../requests/exact-subject.js';
import type { LiveRules } from '../rules/live-rules.js';
import { ruleNotFound } from '../rules/rule-conflicts.js';
import type { KeptOverride, LimitOverride, OverrideKeeper, OverrideWrite } from '../stores/overrides.js';
import { StoreError } from '../stores/store.js';
import { errorsAgainst, errorsInOverride } from './parse-override.js';
import { nameBeginning, nameOfSubject, subjectNamed } from './override-subject.js';

/** How long a write waits for a store that does not answer. */
const PATIENCE_MS = 2_000;
/** Of an import, how many are written in one go. */
const WRITES_AT_ONCE = 500;

export interface EngineOverridesOptions {
  readonly rules: LiveRules;
  readonly keeper: OverrideKeeper;
  /** The store's clock. */
  readonly now: () => number;
}

/** Sets and shows the overrides of subjects: rules and subjects are known here, their records by the store that decides. */
export class EngineOverrides implements OverrideAdmin {
  readonly #options: EngineOverridesOptions;
  /** Not that of checks: it would forget what that has kept. */
  readonly #planner = new CheckPlanner();

  constructor(options: EngineOverridesOptions) {
    this.#options = options;
  }

  async set(input: OverrideInput, by: OverrideActor = {}): Promise<OverrideWritten> {
    assertNone(errorsInOverride(input));
    const rule = this.#rule(input.rule);
    assertNone(errorsAgainst(rule, input));
    const override = this.#stamped(input, by);
    const [before] = await this.#write(rule, [this.#writeOf(rule, override)]);
    return { override, before: before === undefined ? null : shown(before) };
  }

  async list(query: OverridesQuery): Promise<OverridePage> {
    const rule = this.#rule(query.rule);
    const { cursor, active = false, prefix = '', limit: count = MAX_OVERRIDES_PER_PAGE } = query;
    const asked = { prefix: nameBeginning(prefix), count, keyOf: (name: string) => keyOf(rule, name) };
    const after = cursor === undefined ? undefined : nameIn(cursor);
    const part = await answered(
      this.#options.keeper.list(rule.id, { ...asked, ...(after !== undefined && { after }) }),
    );
    const all = part.overrides.map(([, text]) => shown(text));
    const overrides = active ? all.filter((one) => isActive(one, this.#options.now())) : all;
    return part.next === undefined ? { overrides } : { overrides, next: cursorAfter(part.next) };
  }

  async remove(id: string, subject: Subject): Promise<{ readonly override: Override }> {
    const rule = this.#rule(id);
    assertNone(notTheAttributes(rule.per, subject));
    const [before] = await this.#write(rule, [this.#writeOf(rule, { subject })]);
    if (before === undefined)
      throw new QuotaError('override-not-found', `This subject has no override of the rule ${id}.`);
    return { override: shown(before) };
  }

  async import(inputs: readonly unknown[], by: OverrideActor = {}): Promise<{ readonly imported: number }> {
    const byRule = await this.#validated(inputs, by);
    const { keeper } = this.#options;
    let inForce = 0;
    for (const [{ id }, writes] of byRule)
      for (let at = 0; at < writes.length; at += WRITES_AT_ONCE) {
        const part = writes.slice(at, at + WRITES_AT_ONCE);
        await answered(keeper.write(id, part), (why) => brokenOff({ inForce, of: inputs.length }, why));
        inForce += part.length;
      }
    return { imported: inputs.length };
  }

  async *export(id?: string): AsyncGenerator<Override> {
    const rules = id === undefined ? [...this.#options.rules.current.after()] : [this.#rule(id)];
    for (const { id: rule } of rules) {
      let cursor: string | undefined;
      do {
        const page: OverridePage = await this.list({ rule, ...(cursor !== undefined && { cursor }) });
        yield* page.overrides;
        cursor = page.next;
      } while (cursor !== undefined);
    }
  }

  /** All of them, by rule. @throws QuotaError `invalid-request` that names the lines. */
  async #validated(
    inputs: readonly unknown[],
    by: OverrideActor,
  ): Promise<ReadonlyMap<Rule, readonly OverrideWrite[]>> {
    if (inputs.length > MAX_IMPORTED_OVERRIDES) {
      const fault = said('override-lines', { count: inputs.length, to: MAX_IMPORTED_OVERRIDES });
      throw QuotaError.invalid('invalid-request', [{ path: '', ...fault }]);
    }
    const slice = new TimeSlice();
    const [errors, byRule] = [[] as InputError[], new Map<Rule, OverrideWrite[]>()];
    const lines = new Map<string, number>();
    for (const [index, input] of inputs.entries()) {
      if (slice.isOver) await slice.next();
      const line = index + 1;
      const rule = this.#ruleOf(input);
      const its = this.#errorsIn(input, rule);
      errors.push(...its.map(({ path, ...fault }) => ({ path: pathIn(line, path), ...fault })));
      if (its.length > 0 || rule === undefined) continue;
      const write = this.#writeOf(rule, this.#stamped(input as OverrideInput, by));
      const earlier = lines.get(write.counter.key);
      if (earlier !== undefined)
        errors.push({ path: pathIn(line, 'subject'), ...said('override-subject-twice', { line: earlier }) });
      lines.set(write.counter.key, line);
      byRule.set(rule, [...(byRule.get(rule) ?? []), write]);
    }
    assertNone(errors);
    return byRule;
  }

  #errorsIn(input: unknown, rule: Rule | undefined): readonly InputError[] {
    const errors = errorsInOverride(input);
    if (errors.length > 0) return errors;
    if (rule === undefined) return [{ path: 'rule', ...said('rule-unknown') }];
    return errorsAgainst(rule, input as OverrideInput);
  }

  #ruleOf(input: unknown): Rule | undefined {
    const id = (input as Partial<OverrideInput> | null)?.rule;
    return typeof id === 'string' ? this.#options.rules.current.byId(id) : undefined;
  }

  #rule(id: string): Rule {
    const rule = this.#options.rules.current.byId(id);
    if (rule === undefined) throw ruleNotFound(id);
    return rule;
  }

  #stamped(input: OverrideInput, { actor }: OverrideActor): Override {
    const { rule, subject, limits, validFrom, validUntil, reason } = input;
    return {
      ...{ rule, subject, limits },
      ...(validFrom !== undefined && { validFrom }),
      ...(validUntil !== undefined && { validUntil }),
      ...(reason !== undefined && { reason }),
      setAt: new Date(Math.round(this.#options.now())).toISOString(),
      ...(actor !== undefined && { setBy: actor }),
    };
  }

  /** Without limits it is removed. */
  #writeOf(rule: Rule, override: Pick<Override, 'subject'> & Partial<Override>): OverrideWrite {
    const { subject } = override;
    const counter = this.#planner.countersAt([rule], subject, this.#options.now())[0]!;
    const write = { counter, name: nameOfSubject(rule, subject) };
    return override.limits === undefined ? write : { ...write, override: keptOf(override as Override) };
  }

  #write(rule: Rule, writes: readonly OverrideWrite[]): Promise<readonly (string | undefined)[]> {
    return answered(this.#options.keeper.write(rule.id, writes));
  }
}

function keptOf(override: Override): KeptOverride {
  const { limits, validFrom, validUntil } = override;
  const terms = {
    from: validFrom === undefined ? undefined : Date.parse(validFrom),
    until: validUntil === undefined ? undefined : Date.parse(validUntil),
    limits: new Map(
      limits.map((limit): [string, LimitOverride] => [
        fieldOf(limit),
        limit.add === undefined ? { set: limit.set ?? null } : { add: limit.add },
      ]),
    ),
  };
  return { terms, text: JSON.stringify(override) };
}

function shown(text: string): Override {
  return JSON.parse(text) as Override;
}

function isActive({ validFrom, validUntil }: Override, now: number): boolean {
  const hasBegun = validFrom === undefined || Date.parse(validFrom) <= now;
  return hasBegun && (validUntil === undefined || now < Date.parse(validUntil));
}

function keyOf(rule: Rule, name: string): string | undefined {
  const subject = subjectNamed(rule, name);
  return subject && counterKey(rule, subject).key;
}

function cursorAfter(name: string): string {
  return Buffer.from(name).toString('base64url');
}

function nameIn(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString();
  if (cursorAfter(name) === cursor) return name;
  throw QuotaError.invalid('invalid-request', [{ path: 'cursor', ...said('cursor') }]);
}

function pathIn(line: number, path: string): string {
  return path === '' ? `lines.${line}` : `lines.${line}.${path}`;
}

function assertNone(errors: readonly InputError[]): void {
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
}

function notDone(why: string): string {
  return `The store did not do it (${why}), or did a part of it: repeat the same call when it is back.`;
}

function brokenOff({ inForce, of }: { readonly inForce: number; readonly of: number }, why: string): string {
  return (
    `The store broke the import off (${why}): ${inForce} of the ${of} overrides are in force, and others may be. ` +
    'When it is back, import the same lines again; what was set is set to the same.'
  );
}

/** @throws QuotaError `store-unavailable` */
async function answered<T>(answer: Promise<T>, sentence: (why: string) => string = notDone): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreError('no answer in time', 'unknown')), PATIENCE_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new QuotaError('store-unavailable', sentence(cause.message), [], { cause });
  } finally {
    clearTimeout(timer);
  }
}
