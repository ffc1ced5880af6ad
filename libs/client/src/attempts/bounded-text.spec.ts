import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { boundedText, MAX_ANSWER_BYTES } from './bounded-text.js';

/** A body of so many bytes, whose reader may stop it. */
function streamed(bytes: number, headers: Record<string, string> = {}) {
  const chunk = new Uint8Array(65_536).fill(32);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent >= bytes) return controller.close();
      sent += chunk.length;
      controller.enqueue(chunk);
    },
  });
  return { response: new Response(body, { headers }), sent: () => sent };
}

describe('boundedText', () => {
  it('is the text, with characters that lie across chunks', async () => {
    const bytes = new TextEncoder().encode('ü€𝄞');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    await expect(boundedText(new Response(body))).resolves.toBe('ü€𝄞');
    await expect(boundedText(new Response(null))).resolves.toBe('');
  });

  it('stops reading at 4 MiB, where no length or that of a compressed body was announced', async () => {
    const small = String(gzipSync(' '.repeat(1_000)).length);
    for (const headers of [{}, { 'content-length': small, 'content-encoding': 'gzip' }]) {
      const { response, sent } = streamed(1e9, headers as Record<string, string>);
      await expect(boundedText(response)).resolves.toBeNull();
      expect(sent()).toBeLessThan(MAX_ANSWER_BYTES + 4 * 65_536);
    }
    const whole = await boundedText(streamed(MAX_ANSWER_BYTES).response);
    expect(whole).toHaveLength(MAX_ANSWER_BYTES);
  });

  it('reads nothing where more was announced', async () => {
    const { response, sent } = streamed(1e9, { 'content-length': String(MAX_ANSWER_BYTES + 1) });
    await expect(boundedText(response)).resolves.toBeNull();
    expect(sent()).toBeLessThan(4 * 65_536);
  });
});
