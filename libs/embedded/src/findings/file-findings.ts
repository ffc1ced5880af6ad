/** What a process keeps on its disk. The watermarks of the store are in the journal. */
export type KeptFile = 'counters' | 'journal' | 'rules' | 'controls';
export const KEPT_FILES: readonly KeptFile[] = ['counters', 'journal', 'rules', 'controls'];

/** Something about a file of the node that is not as it should be. */
export interface FileFinding {
  /** `unwritable`: the disk is full, hangs or fails. `damaged`: some of what was found at the start could not be read. */
  readonly finding: 'unwritable' | 'damaged';
  readonly file: KeptFile;
  readonly severity: 'warn';
  /** What was found, what it means, and what to change. */
  readonly sentence: string;
}

type Listener = (finding: FileFinding, holds: boolean) => void;

/** What an operator loses while a file cannot be written. */
const CONSEQUENCES: Readonly<Record<KeptFile, string>> = {
  counters:
    'What is counted meanwhile is only in memory: a node that ends forgets it, and callers get that quota again.',
  journal: 'What is decided without the store meanwhile is only in memory: a node that ends forgets it.',
  controls:
    'Gates, brakes and drills are in force, and a node that starts without its store does not know them.',
  rules: 'Changes of rules are refused, or are not known to a node that starts without its store.',
};

/** The findings about all files that this node keeps. Each writer reports to it; it passes them to log, metrics and alarms. */
export class FileFindings {
  readonly #listeners: Listener[] = [];
  readonly #current = new Map<string, FileFinding>();

  constructor(private readonly directory: string) {}

  get current(): readonly FileFinding[] {
    return [...this.#current.values()];
  }

  /** Calls the listener with each finding that holds, at once, and whenever one begins or ends. */
  onChange(listener: Listener): void {
    this.#listeners.push(listener);
    for (const finding of this.current) listener(finding, true);
  }

  /** What a writer of this file reports its trouble to: the error, and null when all is written again. */
  writerOf(file: KeptFile): (error: Error | null) => void {
    return (error) => this.#set('unwritable', file, error && this.#unwritable(file, error));
  }

  /** Some of this file could not be read; that stays so until the node ends. */
  damaged(file: KeptFile, sentence: string): void {
    this.#set('damaged', file, sentence);
  }

  #unwritable(file: KeptFile, { message }: Error): string {
    return `The ${file} cannot be written in ${this.directory} (${message}). ${CONSEQUENCES[file]} Make room, or repair the disk: the node then writes all that is missing by itself.`;
  }

  #set(name: FileFinding['finding'], file: KeptFile, sentence: string | null): void {
    const key = `${name} ${file}`;
    const known = this.#current.get(key);
    if (sentence === null && known === undefined) return;
    const finding = {
      finding: name,
      file,
      severity: 'warn',
      sentence: sentence ?? known!.sentence,
    } as const;
    if (sentence === null) this.#current.delete(key);
    else this.#current.set(key, finding);
    for (const listener of this.#listeners) listener(finding, sentence !== null);
  }
}
