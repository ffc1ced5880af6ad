import type { UsageRequest } from '@sundial/contract';
import { LiveRules, type QuotaEngine, RuleBook } from '@sundial/engine';
import { RedisStore, type RedisTarget } from '@sundial/redis';
import { eventually } from '../../support/eventually.js';
import { countersOf, type Counter } from './books.js';
import type { Telling } from './history.js';
import { middleOfAYearOffsetMs, RULES } from './rules.js';
import { engineOn } from '../../support/engine-on.js';

export type Books = ReadonlyMap<string, { readonly counter: Counter; readonly used: number }>;

const PATIENCE_MS = 10_000;

/** Reads the books by a way of its own, and knows nothing of what the nodes know. */
export class Auditor {
  readonly #engine: QuotaEngine;

  constructor(books: RedisTarget) {
    this.#engine = engineOn({
      store: new RedisStore(books, { clockOffsetMs: middleOfAYearOffsetMs() }),
      rules: new LiveRules(new RuleBook(1, RULES)),
      deadlineMs: 5_000,
    });
  }

  /** What the store says of everyone who is asked about. */
  async read(questions: readonly UsageRequest[]): Promise<Books> {
    const books = new Map<string, { counter: Counter; used: number }>();
    await Promise.all(
      questions.map(async (question) => {
        // It may have to find a new master first.
        const usage = await eventually(
          async () => {
            const answer = await this.#engine.usage(question);
            return answer.degraded === null && answer;
          },
          { withinMs: PATIENCE_MS },
        );
        for (const { name, counter, used } of countersOf(usage, RULES)) books.set(name, { counter, used });
      }),
    );
    return books;
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

/** Everyone who was asked about, once. */
export function questionsOf(tellings: readonly Telling[]): UsageRequest[] {
  const questions = tellings.map(({ operation: { resource, subject } }) => ({ resource, subject }));
  const names = questions.map(({ resource, subject }) => `${resource} ${Object.values(subject).join(' ')}`);
  return [...new Map(questions.map((question, index) => [names[index]!, question])).values()];
}
