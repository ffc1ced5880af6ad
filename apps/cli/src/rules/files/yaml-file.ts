import { isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { CliError, reasonOf } from '../../terminal/cli-error.js';

type Path = readonly (string | number)[];

/** The same as a service takes in its own rules file. */
const MAX_ALIASES = 100;

/** A file of YAML 1.2 (JSON is some), and the lines of what is in it. */
export class YamlFile {
  readonly content: unknown;
  readonly #document: Document;
  readonly #lines = new LineCounter();

  /** @throws CliError that names every fault with its line. */
  constructor(
    readonly name: string,
    text: string,
  ) {
    const options = { version: '1.2', merge: false, prettyErrors: false, lineCounter: this.#lines } as const;
    this.#document = parseDocument(text, options);
    const { errors, warnings } = this.#document;
    const faults = [...errors, ...warnings].map(({ message, pos }) => this.#at(pos[0], message));
    faults.push(...this.#forgotten());
    if (faults.length > 0) throw new CliError(`These are no rules:\n  ${faults.join('\n  ')}`);
    this.content = this.#parsed();
  }

  /** `file:line` of the innermost thing that a path names; a missing field has the line of what it is missing from. */
  placeOf(path: Path): string {
    for (let steps = path; steps.length > 0; steps = steps.slice(0, -1)) {
      const node = this.#document.getIn(steps, true) as
        { readonly range?: readonly number[] | null } | undefined;
      const start = node?.range?.[0];
      if (start !== undefined) return this.#line(start);
    }
    return this.name;
  }

  #parsed(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (error) {
      throw new CliError(`${this.name}: ${reasonOf(error)}`);
    }
  }

  /** In YAML nothing behind a colon is null, and null is a limit without a max. It is more often a value that was forgotten. */
  #forgotten(): string[] {
    const found: string[] = [];
    visit(this.#document, {
      Pair: (_, { key, value }) => {
        const isEmpty = value === null || (isScalar(value) && value.value === null && !value.source);
        if (!isEmpty || !isScalar(key)) return;
        found.push(this.#at(key.range?.[0] ?? 0, `${String(key.value)} is empty; write its value, or null`));
      },
    });
    return found;
  }

  #at(position: number, message: string): string {
    return `${this.#line(position)}: ${message}`;
  }

  #line(position: number): string {
    return `${this.name}:${this.#lines.linePos(position).line}`;
  }
}
