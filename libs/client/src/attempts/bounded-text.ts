/** A longer answer is broken: no answer of the service comes near. */
export const MAX_ANSWER_BYTES = 4 * 1_024 * 1_024;

/** The whole body, or null where it is longer than `MAX_ANSWER_BYTES`: the rest is not read. */
export async function boundedText(response: Response): Promise<string | null> {
  const announced = response.headers.get('content-length');
  if (announced !== null && Number(announced) > MAX_ANSWER_BYTES) return abandon(response);
  // The length of a compressed body says nothing of what it holds.
  if (announced !== null && !response.headers.has('content-encoding')) return response.text();
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (let read = await reader?.read(); read?.value; read = await reader?.read()) {
    bytes += read.value.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      reader?.cancel().catch(() => undefined);
      return null;
    }
    text += decoder.decode(read.value, { stream: true });
  }
  return text + decoder.decode();
}

function abandon(response: Response): null {
  response.body?.cancel().catch(() => undefined);
  return null;
}
