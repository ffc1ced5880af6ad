import { BookFile } from './book-file.js';
import type { StoredBook } from './stored-book.js';

/**
 * The last good rules of a node on its disk, for a start without Redis. Saving is in the background, skips to the latest
 * book and writes only what has changed; where it fails the node goes on, `onTrouble` is called, and it is tried again.
 * `onError` is called with a file that cannot be read.
 */
export class LastKnownRules {
  readonly #file: BookFile;
  readonly #onError: (error: Error) => void;
  #unsaved: StoredBook | undefined;
  #saving: Promise<void> | undefined;

  constructor(path: string, onError: (error: Error) => void, onTrouble?: (error: Error | null) => void) {
    this.#file = new BookFile(path, onTrouble);
    this.#onError = onError;
  }

  /** The book on disk; undefined where there is none, or none that can be used. */
  async recall(): Promise<StoredBook | undefined> {
    return this.#file.read().catch((error: Error) => {
      this.#onError(error);
      return undefined;
    });
  }

  remember(book: StoredBook): void {
    this.#unsaved = book;
    this.#saving ??= this.#save().finally(() => (this.#saving = undefined));
  }

  /** Resolves when what was remembered is on disk, or could not be written. */
  async close(): Promise<void> {
    await this.#saving;
    this.#file.close();
  }

  async #save(): Promise<void> {
    while (this.#unsaved) {
      const book = this.#unsaved;
      this.#unsaved = undefined;
      await this.#file.save(book, book).catch(() => undefined);
    }
  }
}
