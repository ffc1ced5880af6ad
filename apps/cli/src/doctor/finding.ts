import { listing } from '../terminal/table.js';

/** `note`: an operator's own doing, which may have been forgotten; nothing is wrong. */
type Result = 'ok' | 'note' | 'warning' | 'FAILED';

/** One thing that was looked at. */
export interface Finding {
  /** The address of a node, `redis`, `database`, `nodes`. */
  readonly where: string;
  readonly check: string;
  readonly result: Result;
  readonly seen: string;
  /** How to mend it, where something is wrong. */
  readonly mend?: string;
}

/** Findings about one place. */
export class Findings {
  readonly all: Finding[] = [];

  constructor(private readonly where: string) {}

  ok(check: string, seen: string): void {
    this.#add('ok', check, seen);
  }

  note(check: string, seen: string, mend: string): void {
    this.#add('note', check, seen, mend);
  }

  /** It is not as it should be, and checks go on. */
  warn(check: string, seen: string, mend: string): void {
    this.#add('warning', check, seen, mend);
  }

  fail(check: string, seen: string, mend: string): void {
    this.#add('FAILED', check, seen, mend);
  }

  #add(result: Result, check: string, seen: string, mend?: string): void {
    this.all.push({ where: this.where, check, result, seen, ...(mend !== undefined && { mend }) });
  }
}

export function isWrong({ result }: Finding): boolean {
  return result === 'FAILED' || result === 'warning';
}

/** A line for each, and what to do about those that are not well. */
export function findingsText(findings: readonly Finding[]): string {
  const rows = findings.map(({ where, check, result, seen }) => [where, check, result, seen]);
  const shown = listing(['where', 'looked at', 'result', 'seen'], rows, 'Nothing was looked at.');
  const mends = findings.flatMap(({ where, check, mend }) =>
    mend ? [`  ${where}, ${check}: ${mend}\n`] : [],
  );
  const wrong = findings.filter(isWrong).length;
  const verdict =
    wrong === 0 ? `Nothing is wrong.` : `${wrong} of ${findings.length} are not as they should be.`;
  return `${shown}${mends.length > 0 ? `\nWhat to do:\n${mends.join('')}` : ''}\n${verdict}\n`;
}
