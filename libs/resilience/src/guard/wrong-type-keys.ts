import type { WrongTypeKey } from '@sundial/engine';
import type { CheckPlan } from '@sundial/engine/ports';
import { performance } from 'node:perf_hooks';

const REPORT_EVERY_MS = 1_000;

/** Reports checks that met a wrong-type key: a program that writes one may write thousands. */
export class WrongTypeKeys {
  readonly #report: (key: WrongTypeKey) => void;
  #checks = 0;
  #reportedAt = -Infinity;

  constructor(report: (key: WrongTypeKey) => void) {
    this.#report = report;
  }

  met({ resource, rules }: CheckPlan, now = performance.now()): void {
    this.#checks++;
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    const names = rules.map(({ rule }) => rule.id);
    this.#report({ resource, rules: names, checks: this.#checks });
    this.#reportedAt = now;
    this.#checks = 0;
  }
}
