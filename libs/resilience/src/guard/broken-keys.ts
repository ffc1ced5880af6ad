import type { BrokenKey } from '@sundial/engine';
import type { Question } from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';

const REPORT_EVERY_MS = 1_000;

/** Reports checks that met a wrong-type key: a program that writes one may write thousands. */
export class BrokenKeys {
  readonly #report: (broken: BrokenKey) => void;
  #checks = 0;
  #reportedAt = -Infinity;

  constructor(report: (broken: BrokenKey) => void) {
    this.#report = report;
  }

  met({ resource, rules }: Question, now = performance.now()): void {
    this.#checks++;
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    const names = rules.map(({ rule }) => rule.id);
    this.#report({ resource, rules: names, checks: this.#checks });
    this.#reportedAt = now;
    this.#checks = 0;
  }
}
