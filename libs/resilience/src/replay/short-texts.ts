/** Its first byte is the length. Keys with a UUID for a subject are some 70 characters long. */
const PLACE_BYTES = 96;
const MAX_LENGTH = PLACE_BYTES - 1;
const MAX_ASCII = 0x7f;

/** Texts by number, as bytes: strings that live for seconds, one for each operation, are work for the garbage collector. */
export class ShortTexts {
  readonly #bytes: Buffer;

  constructor(places: number) {
    this.#bytes = Buffer.alloc(places * PLACE_BYTES);
  }

  /** Replaces the text at this place; false when it is not ASCII or too long, and then there is none. */
  set(place: number, text: string): boolean {
    const bytes = this.#bytes;
    const at = place * PLACE_BYTES;
    const { length } = text;
    bytes[at] = 0;
    if (length > MAX_LENGTH) return false;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > MAX_ASCII) return false;
      bytes[at + 1 + index] = code;
    }
    bytes[at] = length;
    return true;
  }

  get(place: number): string {
    const from = place * PLACE_BYTES + 1;
    return this.#bytes.toString('latin1', from, from + this.#bytes[from - 1]!);
  }
}
