/** Of letters the number is their own. */
const FIRST_TEXT = 128;
/** Longer fields that are known at once; a service has as many as its rules have different windows and meters. */
const MAX_TEXTS = 65_536;

/**
 * A number for each limit's field (`LimitSpec.field`), to be kept in arrays of numbers: no two fields have the same. Where
 * there are too many, `onForget` is called and all numbers above those of letters are given again.
 */
export class FieldNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  constructor(private readonly onForget: () => void) {}

  numberOf(field: string): number {
    return field.length === 1 ? field.charCodeAt(0) : (this.#numbers.get(field) ?? this.#add(field));
  }

  fieldOf(number: number): string {
    return number < FIRST_TEXT ? String.fromCharCode(number) : this.#texts[number - FIRST_TEXT]!;
  }

  #add(field: string): number {
    if (this.#texts.length >= MAX_TEXTS) {
      this.#numbers.clear();
      this.#texts.length = 0;
      this.onForget();
    }
    const number = FIRST_TEXT + this.#texts.push(field) - 1;
    this.#numbers.set(field, number);
    return number;
  }
}
