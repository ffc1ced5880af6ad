import { LineCounter, parseDocument, type Document } from 'yaml';

const MAX_BYTES = 8 * 1_024 * 1_024;
/** References a text may make; each may repeat a large part of it. */
const MAX_ALIASES = 100;

/** A text that is no YAML, with all that is wrong and the lines of it, as far as they are known. */
export class YamlError extends Error {
  override readonly name = 'YamlError';

  constructor(readonly faults: readonly { readonly message: string; readonly line?: number }[]) {
    super(faults.map(({ message }) => message).join('; '));
  }
}

/** YAML 1.2 as people write it: its content, and the line of everything in it, so that mistakes can be shown. */
export class YamlText {
  readonly content: unknown;
  readonly #document: Document;
  readonly #lines = new LineCounter();

  /** @throws YamlError */
  constructor(text: string) {
    if (Buffer.byteLength(text) > MAX_BYTES)
      throw new YamlError([{ message: `must be at most ${MAX_BYTES} bytes` }]);
    try {
      this.#document = parseDocument(text, {
        version: '1.2',
        merge: false,
        prettyErrors: false,
        lineCounter: this.#lines,
      });
      this.#refuseFaults();
      this.content = this.#document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (cause) {
      if (cause instanceof YamlError) throw cause;
      // The parser recurses: a text that nests without end exhausts the stack, one of too many aliases is refused.
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new YamlError([{ message: `cannot be parsed (${reason})` }]);
    }
  }

  /** The line of the innermost thing a path names; a missing field is told by what it is missing from. */
  lineOf(path: readonly (string | number)[]): number | undefined {
    for (let steps = path; steps.length > 0; steps = steps.slice(0, -1)) {
      const node = this.#document.getIn(steps, true) as { range?: readonly number[] | null } | undefined;
      const start = node?.range?.[0];
      if (start !== undefined) return this.#lines.linePos(start).line;
    }
    return undefined;
  }

  #refuseFaults(): void {
    const faults = [...this.#document.errors, ...this.#document.warnings];
    if (faults.length === 0) return;
    throw new YamlError(
      faults.map(({ message, pos }) => ({ message, line: this.#lines.linePos(pos[0]).line })),
    );
  }
}
