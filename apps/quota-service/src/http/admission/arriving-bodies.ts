import type { Readable } from 'node:stream';

/** So many bodies may arrive whatever there is: those that began first, so that some are always complete one day. */
const ALWAYS_READ = 16;

/**
 * Bounds what bodies hold together while they arrive. They were let in when nothing of them had come, and how much will
 * is not known: an announced length that never comes must not keep others out. So each is read on while there is room;
 * beyond that only the oldest are, and the others wait in the system's buffers.
 */
export class ArrivingBodies {
  /** The oldest first. */
  readonly #arriving = new Set<Readable>();
  readonly #waiting = new Set<Readable>();

  constructor(private readonly isFull: () => boolean) {}

  /** `onChunk` hears of each part that has come. */
  follow(body: Readable, onChunk: (bytes: number) => void): void {
    this.#arriving.add(body);
    const end = () => {
      if (this.#arriving.delete(body)) this.readOn();
      this.#waiting.delete(body);
    };
    body.once('end', end).once('close', end);
    body.on('data', (chunk: Buffer) => {
      onChunk(chunk.length);
      this.#waitIfFull(body);
    });
  }

  /** There may be room again. Few at a time: each of them brings a part before it is stopped. */
  readOn(): void {
    let left = ALWAYS_READ;
    for (const body of this.#waiting) {
      if (left-- === 0 || (this.isFull() && !this.#isOld(body))) return;
      this.#waiting.delete(body);
      body.resume();
    }
  }

  #waitIfFull(body: Readable): void {
    if (!this.isFull() || this.#isOld(body)) return;
    body.pause();
    this.#waiting.add(body);
  }

  #isOld(body: Readable): boolean {
    let before = 0;
    for (const other of this.#arriving) {
      if (other === body) return true;
      if (++before === ALWAYS_READ) return false;
    }
    return false;
  }
}
