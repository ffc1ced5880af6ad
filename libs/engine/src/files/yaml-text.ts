import { isScalar, LineCounter, parseDocument, type Document, type YAMLError } from 'yaml';

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

/** YAML 1.2 as people write it: its content, and the line of everything in it, so that errors can name it. */
export class YamlText {
  readonly content: unknown;
  readonly #document: Document;
  readonly #lines = new LineCounter();

  /**
   * Of a text, or of the bytes of a file.
   * @throws YamlError
   */
  constructor(source: string | Uint8Array) {
    const text = typeof source === 'string' ? source : decoded(source);
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
      throw new YamlError([{ message: whyUnreadable(cause) }]);
    }
  }

  /** The line of the innermost thing a path names; a missing field has the line of what it is missing from. */
  lineOf(path: readonly (string | number)[]): number | undefined {
    for (let steps = path; steps.length > 0; steps = steps.slice(0, -1)) {
      const node = this.#document.getIn(steps, true) as { range?: readonly number[] | null } | undefined;
      const start = node?.range?.[0];
      if (start !== undefined) return this.#lines.linePos(start).line;
    }
    return undefined;
  }

  /** Whether nothing stands behind a field's colon. In YAML that is null, and more often a value that was forgotten. */
  isEmpty(path: readonly (string | number)[]): boolean {
    const node = this.#document.getIn(path, true);
    return isScalar(node) && node.value === null && !node.source;
  }

  #refuseFaults(): void {
    const faults = [...this.#document.errors, ...this.#document.warnings];
    if (faults.length === 0) return;
    throw new YamlError(
      faults.map((fault) => ({ message: adviceOn(fault), line: this.#lines.linePos(fault.pos[0]).line })),
    );
  }
}

/** Bytes as text: other encodings would be read as other characters, and their faults reported as faults of YAML. */
function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const isTwoBytesACharacter = first === 0 || second === 0;
  if (hasMark || isTwoBytesACharacter) throw new YamlError([{ message: 'is UTF-16; save it as UTF-8' }]);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new YamlError([{ message: 'is not UTF-8; save it as UTF-8' }]);
  }
}

const TOO_DEEP = 'cannot be parsed: lists and fields lie too deep inside each other';

/** What the parser says, where that is not advice for the programmer who calls it. */
function adviceOn({ code, message }: YAMLError): string {
  if (code === 'RESOURCE_EXHAUSTION') return TOO_DEEP;
  if (code !== 'MULTIPLE_DOCS') return message;
  return 'begins a second YAML document; a file holds one: remove this `---`, or all before or behind it';
}

/** The parser recurses: a text that nests without end exhausts the stack, one of too many aliases is refused. */
function whyUnreadable(cause: unknown): string {
  if (cause instanceof RangeError) return TOO_DEEP;
  if (cause instanceof ReferenceError && cause.message.startsWith('Excessive alias count'))
    return `cannot be parsed: it repeats parts of itself by more than ${MAX_ALIASES} aliases; write some of them out`;
  return `cannot be parsed (${cause instanceof Error ? cause.message : String(cause)})`;
}
