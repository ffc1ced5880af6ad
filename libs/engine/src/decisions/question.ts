import { randomBytes } from 'node:crypto';
import { counterKey } from '../counters/counter-key.js';
import type { RuleWindows, RuleWindowsCache } from '../counters/rule-windows.js';
import type { CheckRequest, Subject } from '../quota.js';
import type { Rule } from '../rules/rule.js';
import type { CounterRef, Operation } from '../stores/store.js';
import { fingerprint } from './fingerprint.js';

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
  const inWindows: RuleWindows[] = [];
  const counters: CounterRef[] = [];
  for (const rule of rules) {
    const known = windows.at(rule, now);
    const { key, shardGroup } = counterKey(rule, subject);
    inWindows.push(known);
    counters.push({ key, shardGroup, ladder: known.ladder });
  }
  return { rules: inWindows, counters };
}

/** Names the operation of a request: the caller's id or a new one, a fingerprint of its content, and this try. */
export function operationOf(request: CheckRequest, amount: number): Operation {
  const attempt = PROCESS_NAME + (attempts++).toString(36);
  const { operationId: id = attempt } = request;
  return { id, fingerprint: fingerprint(contentOf(request, amount)), attempt, isNew: id === attempt };
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

/** 72 random bits: with the count behind it, no two tries of any two nodes are called the same. */
const PROCESS_NAME = `${randomBytes(9).toString('base64url')}.`;
let attempts = 0;
