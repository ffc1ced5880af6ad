import { randomBytes } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';

/** By which a request is recognised among those of the process, and found in the service's logs. */
export const REQUEST_ID_HEADER = 'x-request-id';

const PREFIX = `sundial-client-${randomBytes(6).toString('hex')}-`;

/** A request on its way. `fetch` rejects alike where it sent nothing and where it sent all; its diagnostics tell them apart. */
export interface Sending {
  readonly requestId: string;
  /** Undici had it: from then on `sent` is the truth. Never with a `fetch` of another make. */
  seen: boolean;
  /** Its headers were written to a socket. */
  sent: boolean;
}

let requests = 0;
/** By request id, until the attempt has ended. */
const underWay = new Map<string, Sending>();
const sendings = new WeakMap<object, Sending>();

export function beginSending(): Sending {
  const sending = { requestId: `${PREFIX}${(requests += 1).toString(36)}`, seen: false, sent: false };
  underWay.set(sending.requestId, sending);
  return sending;
}

export function endSending({ requestId }: Sending): void {
  underWay.delete(requestId);
}

interface UndiciMessage {
  readonly request: { readonly headers: string | readonly unknown[] };
}

subscribe('undici:request:create', (message) => {
  if (underWay.size === 0) return;
  const { request } = message as UndiciMessage;
  const sending = underWay.get(idIn(request.headers) ?? '');
  if (!sending) return;
  sending.seen = true;
  sendings.set(request, sending);
});

subscribe('undici:client:sendHeaders', (message) => {
  const sending = sendings.get((message as UndiciMessage).request);
  if (sending) sending.sent = true;
});

/** Undici keeps headers as a text, or as a list of names and values. */
function idIn(headers: string | readonly unknown[]): string | undefined {
  if (typeof headers !== 'string') {
    return headers.find((value): value is string => typeof value === 'string' && value.startsWith(PREFIX));
  }
  const from = headers.indexOf(PREFIX);
  return from < 0 ? undefined : headers.slice(from, headers.indexOf('\r', from));
}
