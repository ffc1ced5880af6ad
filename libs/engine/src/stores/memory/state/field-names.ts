/**
 * Numbers for the names of limits (`counters/limit-field.ts`). They are never forgotten: there are as many as windows
 * and meters that rules have ever had.
 */
export class FieldNames {
  /** By number. */
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(field: string): number {
    let number = this.#numbers.get(field);
    if (number === undefined) {
      number = this.names.push(field) - 1;
      this.#numbers.set(field, number);
    }
    return number;
  }
}
