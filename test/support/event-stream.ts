import { eventually } from './eventually.js';

export interface ReceivedEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** The server-sent events of an answer, as they arrive. */
export class EventStream {
  readonly events: ReceivedEvent[] = [];
  isOver = false;
  readonly #abort = new AbortController();
  #text = '';

  private constructor() {}

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
    const stream = new EventStream();
    const response = await fetch(url, { headers, signal: stream.#abort.signal });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    void stream.#read(response);
    return stream;
  }

  /** The reason of its last event, when there is one. */
  get end(): unknown {
    return this.events.find(({ event }) => event === 'end')?.data;
  }

  frames(count: number): Promise<readonly ReceivedEvent[]> {
    return eventually(() => this.events.length >= count && this.events);
  }

  ended(): Promise<unknown> {
    return eventually(() => this.isOver && { end: this.end });
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body!) {
        this.#text += decoder.decode(chunk as Uint8Array, { stream: true });
        const blocks = this.#text.split('\n\n');
        this.#text = blocks.pop()!;
        for (const block of blocks) this.#take(block);
      }
    } catch {
      // Cut off, or closed by the test.
    }
    this.isOver = true;
  }

  #take(block: string): void {
    const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
    const data = fields.get('data');
    if (data === undefined) return;
    this.events.push({
      event: fields.get('event') ?? 'message',
      id: fields.get('id'),
      data: JSON.parse(data) as unknown,
    });
  }
}
