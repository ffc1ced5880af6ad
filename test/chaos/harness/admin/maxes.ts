import type { OverriddenLimit, Rule, Subject } from '@sundial/contract';
import { decisionOf, type Attempt, type Loss } from '../history.js';
import type { Contradiction } from '../reservations/contradictions.js';
import { expiryOf } from '../reservations/fate.js';
import { isOverridden, type Written } from './admin-write.js';

/** By the store's clock, which is this machine's. */
const CLOCK_MS = 50;

/** From when until when something may have been in force. Monotonic. */
interface Interval {
  readonly from: number;
  readonly to: number;
}

/** A limit of a rule, for one subject. */
export interface OwnLimit {
  readonly rule: Rule;
  readonly subject: Subject;
  readonly limit: { readonly window: unknown; readonly meter?: string };
}

interface InForce extends Interval {
  /** Nothing: the limits of the rule. */
  readonly limits: readonly OverriddenLimit[];
}

/** What overrides may have made of limits at any time, by what operators were answered. */
export class Maxes {
  readonly #writes = new Map<string, Written[]>();

  constructor(
    writes: readonly Written[],
    private readonly loss?: Loss,
  ) {
    for (const written of writes) {
      const name = overridden(written);
      if (name === undefined || wasRefused(written)) continue;
      const its = this.#writes.get(name);
      if (its) its.push(written);
      else this.#writes.set(name, [written]);
    }
  }

  /** Every max that a limit may have had at some time from one instant to another; `Infinity`: none. */
  within({ rule, subject, limit }: OwnLimit, { from, to }: Interval): number[] {
    const max = rule.limits.find((one) => isOverridden(one, limit))?.max ?? Infinity;
    const writes = this.#writes.get(nameOf(rule.id, subject));
    if (writes === undefined) return [max];
    const maxes = inForceOf(writes, this.loss)
      .filter((one) => one.from <= to && from <= one.to)
      .map(({ limits }) => maxBy(limits.find((one) => isOverridden(one, limit)) ?? { add: 0 }, max));
    return [...new Set(maxes)];
  }
}

function maxBy({ set, add }: Pick<OverriddenLimit, 'set' | 'add'>, max: number): number {
  return set === undefined ? max + (add ?? 0) : (set ?? Infinity);
}

/** Each write until another one that began after it has ended; one that was not answered may be done at any time later. */
function inForceOf(writes: readonly Written[], loss: Loss | undefined): InForce[] {
  const done = writes.filter(({ answer }) => answer.kind === 'done' || isGone(answer));
  const untilAfter = (at: number) =>
    Math.min(...done.filter(({ sentAt }) => sentAt >= at).map(({ endedAt }) => endedAt));
  const before = { from: -Infinity, to: untilAfter(-Infinity), limits: [] };
  const lost = loss ? [{ from: loss.from, to: untilAfter(loss.to), limits: [] }] : [];
  return [
    before,
    ...lost,
    ...writes.flatMap((written): InForce[] => {
      const { write, sentAt, endedAt, answer } = written;
      const to = answer.kind === 'unanswered' || !done.includes(written) ? Infinity : untilAfter(endedAt);
      if (write.verb !== 'set-override') return [{ from: sentAt, to, limits: [] }];
      const { limits, validUntil } = write.body;
      if (validUntil === undefined) return [{ from: sentAt, to, limits }];
      const end = expiryOf(validUntil);
      return [
        { from: sentAt, to: Math.min(to, end + CLOCK_MS), limits },
        { from: Math.max(sentAt, end - CLOCK_MS), to, limits: [] },
      ];
    }),
  ];
}

/** There was none to remove: there is none. */
function isGone(answer: Written['answer']): boolean {
  return answer.kind === 'failed' && answer.status === 404;
}

function wasRefused({ answer }: Written): boolean {
  return answer.kind === 'failed' && answer.status < 500 && answer.status !== 404;
}

function overridden({ write }: Written): string | undefined {
  switch (write.verb) {
    case 'set-override':
      return nameOf(write.body.rule, write.body.subject);
    case 'remove-override':
      return nameOf(write.rule, write.subject);
    case 'add-pack':
    case 'cancel-pack':
      return undefined;
    default:
      return write satisfies never;
  }
}

function nameOf(rule: string, subject: Subject): string {
  return `${rule} ${Object.values(subject).join(' ')}`;
}

/** Answers of the store with a max that no override can have made at that time: each is in force on the next check on every node. */
export function contradictedMaxes(
  writes: readonly Written[],
  attempts: readonly Attempt[],
  rules: readonly Rule[],
  loss?: Loss,
): Contradiction[] {
  const maxes = new Maxes(writes, loss);
  return attempts.flatMap((attempt) => {
    const decision = decisionOf(attempt);
    if (decision?.degraded !== null) return [];
    const { operation, sentAt, endedAt } = attempt;
    return decision.limits.flatMap((limit) => {
      const rule = rules.find(({ id }) => id === limit.rule)!;
      const subject = Object.fromEntries(rule.per.map((name) => [name, operation.subject[name]!]));
      const possible = maxes.within({ rule, subject, limit }, { from: sentAt, to: endedAt });
      if (possible.includes(limit.max ?? Infinity)) return [];
      const sentence = `${limit.rule} was answered with a max of ${limit.max}, and not ${possible.join(' or ')}`;
      return [{ operationId: operation.operationId, sentence }];
    });
  });
}
