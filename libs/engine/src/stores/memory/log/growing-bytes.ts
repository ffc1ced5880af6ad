import { bytesOf, type Bytes } from '../state/operation-record.js';

/** Bytes that are written one behind the other, in a buffer that grows. */
export class GrowingBytes {
  #bytes: Bytes = bytesOf(Buffer.allocUnsafeSlow(64 * 1024));
  length = 0;

  /** The buffer with room for so many bytes more; to be asked for before each write. */
  withRoom(room: number): Bytes {
    if (this.length + room > this.#bytes.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (this.length + room));
      this.#bytes.buffer.copy(larger, 0, 0, this.length);
      this.#bytes = bytesOf(larger);
    }
    return this.#bytes;
  }

  add(bytes: Buffer): void {
    const { buffer } = this.withRoom(bytes.length);
    this.length += bytes.copy(buffer, this.length);
  }

  /** What was written, as bytes of their own. */
  copy(): Buffer {
    return Buffer.from(this.#bytes.buffer.subarray(0, this.length));
  }
}
