import { join } from 'node:path';
import {
  QuotaError,
  type Rule,
  type RuleSetChanges,
  type RuleSetWritten,
  type RuleWritten,
} from '@sundial/contract';
import { BookFile } from './book-file.js';
import { planChange } from './planned-change.js';
import type { RuleBook } from './rule-book.js';
import { rulesChanged, tooManyWrites } from './rule-conflicts.js';
import { changesIn, differencesBetween, shownEffects } from './rule-differences.js';
import type {
  RuleChange,
  RuleRepository,
  RuleSeed,
  RuleSet,
  RulesOrigin,
  RuleStored,
} from './rule-repository.js';
import { StoredBook } from './stored-book.js';

const FILE = 'rules.ndjson';
const MAX_WAITING_WRITES = 100;

export interface FileRuleRepositoryOptions {
  /** Made when it does not exist. One process at a time may use it. */
  readonly directory: string;
  /** The rules to begin with where none are stored. */
  readonly seed: RuleSeed;
  /** Called when the rules cannot be written, and with null when they can be again. */
  readonly onTrouble?: (error: Error | null) => void;
}

/**
 * Rules of an embedded Sundial: `rules.ndjson` in the data directory. A change is on disk before it is in force, and
 * before `write` resolves. A file that cannot be read stops the start, and is never replaced.
 */
export class FileRuleRepository implements RuleRepository {
  readonly #file: BookFile;
  readonly #seed: RuleSeed;
  #book = StoredBook.seed([]);
  #apply: (book: RuleBook) => void = () => undefined;
  #lastWrite: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #origin: RulesOrigin = 'stored';

  constructor({ directory, seed, onTrouble }: FileRuleRepositoryOptions) {
    this.#file = new BookFile(join(directory, FILE), onTrouble);
    this.#seed = seed;
  }

  async start(apply: (book: RuleBook) => void): Promise<void> {
    this.#apply = apply;
    const stored = await this.#file.read();
    if (stored) this.#accept(stored);
    else {
      await this.#store(StoredBook.seed(this.#seed()).rewritten(1));
      this.#origin = 'seed';
    }
  }

  get origin(): RulesOrigin {
    return this.#origin;
  }

  async write(change: RuleChange): Promise<RuleStored> {
    return this.#inTurn(async () => {
      const book = this.#book.toRuleBook();
      const { change: planned, rule, effects } = await planChange(book, change);
      await this.#store(this.#book.changed(planned));
      const created = rule !== undefined && book.byId(rule.id) === undefined;
      return { ...this.#written(), rule, created, ...shownEffects(effects) };
    });
  }

  async replaceAll({ rules, expectedVersion }: RuleSet): Promise<RuleSetWritten> {
    return this.#inTurn(async () => {
      const { version } = this.#book;
      if ((expectedVersion ?? version) !== version) throw rulesChanged(expectedVersion!, version);
      return { ...(await this.#replace(rules)), ...this.#written() };
    });
  }

  revisionOf(id: string): number | undefined {
    return this.#book.rules.get(id)?.revision;
  }

  async close(): Promise<void> {
    await this.#lastWrite;
    this.#file.close();
  }

  /** One after the other, in the order of the calls. */
  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING_WRITES) throw tooManyWrites(MAX_WAITING_WRITES);
    this.#waiting++;
    const write = this.#lastWrite.then(act);
    this.#lastWrite = write.catch(() => undefined).finally(() => this.#waiting--);
    return write;
  }

  async #replace(rules: readonly Rule[]): Promise<RuleSetChanges> {
    const found = await differencesBetween(this.#book.toRuleBook(), rules);
    const { created, changed, removed } = found;
    const set = [...created, ...changed];
    if (set.length + removed.length > 0) await this.#store(await this.#book.edited({ set, removed }));
    return changesIn(found);
  }

  #written(): RuleWritten {
    return { version: this.#book.version, nodes: { live: 1, applied: 1 } };
  }

  async #store(book: StoredBook): Promise<void> {
    await this.#file.save(book).catch((cause: Error) => {
      const detail = `The rules could not be written to ${this.#file.path} (${cause.message}); nothing was changed.`;
      throw new QuotaError('store-unavailable', detail, [], { cause });
    });
    this.#accept(book);
  }

  #accept(book: StoredBook): void {
    this.#book = book;
    this.#apply(book.toRuleBook());
  }
}
