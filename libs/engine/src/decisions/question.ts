import { randomBytes, randomUUID } from 'node:crypto';
import { counterKey } from '../counters/counter-key.js';
import type { RuleWindows, RuleWindowsCache } from '../counters/rule-windows.js';
import type { CheckRequest, Subject } from '../quota.js';
import type { Rule } from '../rules/rule.js';
import type { CounterRef, Operation } from '../stores/store.js';

/** The rules of a resource in their windows, and a subject's counter under each of them. */
export interface Question {
  readonly rules: readonly RuleWindows[];
  readonly counters: readonly CounterRef[];
}

/** Puts rules and subject together as they stand at the store's `now`. */
export function ask(
  rules: readonly Rule[],
  subject: Subject,
  windows: RuleWindowsCache,
  now: number,
): Question {
  const inWindows = rules.map((rule) => windows.at(rule, now));
  const counters = inWindows.map(({ rule, ladder }): CounterRef => {
    const { key, shardGroup } = counterKey(rule, subject);
    return { key, shardGroup, ladder };
  });
  return { rules: inWindows, counters };
}

/** Names the operation of a request: the caller's id or a new one, all its content, and this try. */
export function operationOf(request: CheckRequest, amount: number): Operation {
  return {
    id: request.operationId ?? randomUUID(),
    content: contentOf(request, amount),
    attempt: nextAttempt(),
  };
}

/** Lengths go first, so that no value can pretend to be the end of another. */
function contentOf({ resource, subject }: CheckRequest, amount: number): string {
  let content = `${resource} ${amount}`;
  for (const name of Object.keys(subject).sort()) {
    const value = subject[name]!;
    content += ` ${name} ${value.length} ${value}`;
  }
  return content;
}

/** Unique among all nodes: a random name of this process, and a count. */
function nextAttempt(): string {
  return PROCESS_NAME + (attempts++).toString(36);
}

const PROCESS_NAME = randomBytes(6).toString('base64url');
let attempts = 0;
