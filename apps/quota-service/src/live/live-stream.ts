import type { ServerResponse } from 'node:http';

/** Why a stream ends; its reader gets it as the last event. */
export type StreamEnd = 'session-ended' | 'replaced' | 'shutting-down' | 'complete';

/** Who reads a stream, and how long. */
export interface LiveReader {
  readonly response: ServerResponse;
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** The session of a browser, of which there is one stream at most; undefined for programs. */
  readonly browser: string | undefined;
  readonly actor: string;
  /** Frames until the stream is complete. */
  readonly frames: number;
  /** Whether it would be let in still. */
  isAdmitted(): boolean;
}

/** How soon a reader that was cut off comes back. */
const RETRY_MS = 1_000;

/**
 * One answer of server-sent events. A frame that its reader has not taken when the next one comes is all that is kept for it: it
 * gets no further one until then, and sees from the ids how many it missed.
 */
export class LiveStream {
  readonly reader: LiveReader;
  #left: number;

  constructor(reader: LiveReader, onClosed: (stream: LiveStream) => void) {
    this.reader = reader;
    this.#left = reader.frames;
    const { response, headers } = reader;
    response.on('error', () => undefined);
    response.once('close', () => onClosed(this));
    response.writeHead(200, { ...headers, ...STREAM_HEADERS });
    response.write(`retry: ${RETRY_MS}\n\n`);
  }

  /** `text` is a frame as an event. */
  send(text: string): void {
    const { response } = this.reader;
    if (response.writableEnded || response.writableLength > 0) return;
    response.write(text);
    if (--this.#left <= 0) this.end('complete');
  }

  end(reason: StreamEnd): void {
    const { response } = this.reader;
    if (response.writableEnded) return;
    response.end(`event: end\ndata: ${JSON.stringify({ reason })}\n\n`);
    // What its reader does not take is not waited for.
    if (reason === 'shutting-down' && response.writableLength > 0) response.destroy();
  }
}

const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  // nginx would keep frames until its buffer is full.
  'x-accel-buffering': 'no',
};
