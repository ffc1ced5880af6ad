/** What a command reads and writes: results on `stdout`, progress and errors on `stderr`. */
export interface Terminal {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the operator interrupts the command (Ctrl-C, SIGTERM). */
  readonly signal: AbortSignal;
}

/** One sentence for the person who waits. */
export type Progress = (sentence: string) => void;

export function progressOn({ stderr }: Terminal): Progress {
  return (sentence) => void stderr.write(`${sentence}\n`);
}
