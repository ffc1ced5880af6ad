import { RuleBook } from './rule-book.js';

/**
 * The book in force on this node. Only a newer version replaces it, so late announcements do no harm; a provisional
 * book gives way to any other.
 */
export class LiveRules {
  #current: RuleBook;

  constructor(book: RuleBook = RuleBook.EMPTY) {
    this.#current = book;
  }

  get current(): RuleBook {
    return this.#current;
  }

  /** Puts a newer book in force and says whether it did. */
  apply(book: RuleBook): boolean {
    if (!this.#current.provisional && book.version <= this.#current.version) return false;
    this.#current = book;
    return true;
  }
}
