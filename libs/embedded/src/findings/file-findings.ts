import { saidFinding, type SaidFinding } from '@sundial/contract';

/** What a process keeps on its disk. The watermarks of the store are in the journal. */
export type KeptFile = 'counters' | 'journal' | 'rules' | 'controls';
export const KEPT_FILES: readonly KeptFile[] = ['counters', 'journal', 'rules', 'controls'];

/** Something about a file of the node that is not as it should be: what was found, what it means, and what to change. */
export interface FileFinding extends SaidFinding {
  /** `unwritable`: the disk is full, hangs or fails. `damaged`: some of what was found at the start could not be read. */
  readonly finding: 'unwritable' | 'damaged';
  readonly file: KeptFile;
  readonly severity: 'warn';
}

type Listener = (finding: FileFinding, holds: boolean) => void;

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
    this.#set('damaged', file, { sentence });
  }

  #unwritable(file: KeptFile, { message: error }: Error): SaidFinding {
    return saidFinding(`unwritable-${file}`, { directory: this.directory, error });
  }

  #set(name: FileFinding['finding'], file: KeptFile, said: SaidFinding | null): void {
    const key = `${name} ${file}`;
    const known = this.#current.get(key);
    const last = said ?? known;
    if (last === undefined) return;
    const finding = { ...last, finding: name, file, severity: 'warn' } as const;
    if (said === null) this.#current.delete(key);
    else this.#current.set(key, finding);
    for (const listener of this.#listeners) listener(finding, said !== null);
  }
}
