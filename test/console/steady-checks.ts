import type { Site } from './site.js';

const EVERY_MS = 50;

/** So many checks a second, in batches that all nodes answer in turn, until it is stopped. */
export class SteadyChecks {
  answered = 0;
  failed = 0;
  #sent = 0;
  #due = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly site: Site,
    perSecond: number,
  ) {
    const startedAt = performance.now();
    this.#timer = setInterval(() => {
      const toBeSent = (perSecond * (performance.now() - startedAt)) / 1_000;
      const count = Math.min(Math.floor(toBeSent - this.#due), 1_000);
      this.#due += count;
      if (count > 0) this.#send(count);
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #send(count: number): void {
    const node = this.#sent++ % this.site.nodes.length;
    const checks = Array.from({ length: count }, (_, n) => ({
      resource: n % 3 === 0 ? 'llm' : 'ocr',
      subject: { user: `s-${(this.#sent * 131 + n) % 5_000}` },
    }));
    this.site.ask('POST', '/check/batch', { checks }, { node }).then(
      () => (this.answered += count),
      () => (this.failed += count),
    );
  }
}
