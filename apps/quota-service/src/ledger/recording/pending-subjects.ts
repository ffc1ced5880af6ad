import type { Subject } from '@sundial/contract';

/** Some bytes each, beside the subject; the oldest go first. */
const MAX_KEPT = 50_000;

/**
 * Whose the operations are that this node decided without the store, until they are settled: a settlement names its counters
 * alone. Nothing is known of those that a process before this one decided.
 */
export class PendingSubjects {
  /** By resource and operation id; null where two subjects have pending operations under one id. */
  readonly #subjects = new Map<string, Subject | null>();

  decided(resource: string, operationId: string, subject: Subject): void {
    const key = keyOf(resource, operationId);
    const known = this.#subjects.get(key);
    const isOther = known !== undefined && (known === null || !isSame(known, subject));
    this.#subjects.set(key, isOther ? null : subject);
    if (this.#subjects.size > MAX_KEPT) this.#subjects.delete(this.#subjects.keys().next().value!);
  }

  /** Undefined where it is not known. */
  settled(resource: string, operationId: string): Subject | undefined {
    const key = keyOf(resource, operationId);
    const subject = this.#subjects.get(key);
    if (subject) this.#subjects.delete(key);
    return subject ?? undefined;
  }
}

function keyOf(resource: string, operationId: string): string {
  return `${resource} ${operationId}`;
}

function isSame(one: Subject, other: Subject): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
