/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Longer ones are none of this service. */
const MAX_EVENT_LENGTH = 1_000_000;

/**
 * Reads the events of an answer until it ends. Not by `EventSource`: that says neither why it was refused, nor sends the header that
 * keeps a page that refreshes itself from prolonging its session.
 */
export async function readEvents(body: ReadableStream<Uint8Array>, take: (event: ServerEvent) => void) {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    if (text.length > MAX_EVENT_LENGTH) throw new Error('An event has no end.');
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const event = eventIn(block);
      if (event) take(event);
    }
  }
}

/** Undefined where it has no data. */
function eventIn(block: string): ServerEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, name, value = ''] = /^([a-z]+):? ?(.*)$/.exec(line) ?? [];
    if (name === 'event') event = value;
    if (name === 'data') data.push(value);
  }
  return data.length > 0 ? { event, data: data.join('\n') } : undefined;
}
