const MAX_TEXT = 1_024;
const HALF_OF_A_PAIR = /\p{Surrogate}/u;

/** Writes numbers and short texts into bytes that are there. Each says whether it could: what it can't write is written otherwise. */
export class ByteWriter {
  readonly bytes: Buffer;
  readonly #view: DataView;
  position = 0;

  constructor(size: number) {
    // Not of the pool: it is here to stay.
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, size);
  }

  float(value: number): void {
    this.#view.setFloat64(this.position, value);
    this.position += 8;
  }

  /** Two bytes of what was written before. */
  shortAt(position: number, value: number): void {
    this.#view.setUint16(position, value);
  }

  /** Four bytes of what was written before. */
  wordAt(position: number, value: number): void {
    this.#view.setUint32(position, value);
  }

  /** A whole number from 0, of seven bits a byte. */
  number(value: unknown): boolean {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) return false;
    let rest = value;
    for (; rest >= 0x80; rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 0x80)) {
      this.bytes[this.position++] = (rest % 0x80) | 0x80;
    }
    this.bytes[this.position++] = rest;
    return true;
  }

  /** Its length in bytes, and UTF-8. */
  text(value: unknown): boolean {
    if (typeof value !== 'string' || value.length > MAX_TEXT) return false;
    const { length } = value;
    const { bytes, position } = this;
    if (length >= 0x80) return this.#long(value);
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) return this.#long(value);
      bytes[position + 1 + index] = code;
    }
    bytes[position] = length;
    this.position = position + 1 + length;
    return true;
  }

  /** UTF-8 without its length. */
  raw(value: string): void {
    this.position += this.bytes.write(value, this.position);
  }

  /** A half of a surrogate pair has no UTF-8. */
  #long(value: string): boolean {
    if (HALF_OF_A_PAIR.test(value)) return false;
    this.number(Buffer.byteLength(value));
    this.raw(value);
    return true;
  }
}
