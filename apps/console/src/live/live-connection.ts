import { openStream, type ApiError } from '../api/client.ts';
import { readEvents } from './event-stream.ts';
import type { LiveFrame } from './live-state.ts';

export interface LiveListener {
  frame(frame: LiveFrame): void;
  /** Nothing is heard, and the connection is tried again. */
  lost(): void;
  /** The session is over. */
  signedOut(): void;
}

/** What tabs of one browser say to each other. */
type Message = { readonly kind: 'who' } | { readonly kind: 'frame'; readonly frame: LiveFrame };

/** How long a tab waits for the frames of another one before it opens a stream itself. */
const ANSWER_MS = 200;
const SILENCE_MS = 4_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 5_000;
const SIGNED_OUT = ['missing-key', 'session-ended', 'wrong-key'];

/**
 * The frames of `GET /admin/live`, through one stream a browser: the tab that has it passes them on to the others, and when it goes
 * another one opens its own. A stream that is cut off is opened again.
 */
export class LiveConnection {
  readonly #channel = new BroadcastChannel(`sundial-live ${new URL(document.baseURI).pathname}`);
  #abort: AbortController | undefined;
  #last: LiveFrame | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryMs = FIRST_RETRY_MS;

  constructor(private readonly listener: LiveListener) {
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
    this.#say({ kind: 'who' });
    this.#openIn(ANSWER_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#channel.close();
    this.#abort?.abort(CLOSED);
  }

  #hear(message: Message): void {
    const isLeading = this.#abort !== undefined;
    if (message.kind === 'who' && isLeading && this.#last) this.#say({ kind: 'frame', frame: this.#last });
    if (message.kind !== 'frame' || isLeading) return;
    this.listener.frame(message.frame);
    this.#openIn(SILENCE_MS);
  }

  #say(message: Message): void {
    this.#channel.postMessage(message);
  }

  #openIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#open(), ms);
  }

  async #open(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    let end: string | undefined;
    try {
      const body = await openStream('/admin/live', abort.signal);
      this.#watch(abort);
      await readEvents(body, ({ event, data }) => {
        this.#watch(abort);
        if (event === 'end') end = (JSON.parse(data) as { reason: string }).reason;
        else this.#take(JSON.parse(data) as LiveFrame);
      });
    } catch (error) {
      if (SIGNED_OUT.includes((error as ApiError).problem?.code)) this.listener.signedOut();
    }
    this.#abort = undefined;
    if (abort.signal.reason === CLOSED) return;
    this.#afterwards(end);
  }

  /** Without a frame for so long the way to the node is cut, whatever the browser believes. */
  #watch(abort: AbortController): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => abort.abort(new Error('silence')), SILENCE_MS);
  }

  #take(frame: LiveFrame): void {
    this.#last = frame;
    this.#retryMs = FIRST_RETRY_MS;
    this.listener.frame(frame);
    this.#say({ kind: 'frame', frame });
  }

  #afterwards(end: string | undefined): void {
    // Another tab has the stream: its frames are heard, or else it is gone.
    if (end === 'replaced') return this.#openIn(SILENCE_MS);
    // A session that was used meanwhile goes on under a newer cookie.
    if (end === 'session-ended') return this.#openIn(0);
    this.listener.lost();
    this.#openIn(this.#retryMs * (0.75 + Math.random() / 2));
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
  }
}

const CLOSED = 'closed';
