import type { ArgumentsHost, HttpServer } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';
import { RiskLimitExceededException } from './risk-limit-exceeded.exception.js';
import type { RiskLimitRequestException } from './risk-limit-request.exception.js';

/** Why a `@RiskLimit` method did not run, on its way to the one who called it from outside. */
export type Refusal = RiskLimitExceededException | RiskLimitRequestException;

/** With the headers that an exception cannot carry. */
export function replyOverHttp(refusal: Refusal, host: ArgumentsHost, adapter: HttpServer): void {
  const response: unknown = host.switchToHttp().getResponse();
  if (adapter.isHeadersSent(response)) {
    adapter.end(response);
    return;
  }
  adapter.setHeader?.(response, 'Content-Type', 'application/problem+json; charset=utf-8');
  const retryAfterMs = refusal instanceof RiskLimitExceededException && refusal.decision.retryAfterMs;
  if (typeof retryAfterMs === 'number') {
    adapter.setHeader?.(response, 'Retry-After', String(Math.ceil(retryAfterMs / 1_000)));
  }
  // As text: of an object the adapters know better what type it has.
  adapter.reply(response, JSON.stringify(refusal.problem), refusal.getStatus());
}

/** The error that the calling service gets. */
export function replyOverRpc(refusal: Refusal): Observable<never> {
  return throwError(() => messageOf(refusal));
}

/** As much of a socket as a reply needs: Socket.IO emits, others send text. */
interface Client {
  readonly readyState?: unknown;
  send?(text: string): void;
  emit?(event: string, content: unknown): void;
}

/** As Nest does with a `WsException`, and to the acknowledgement that the client may wait for. */
export function replyOverWebSocket(refusal: Refusal, host: ArgumentsHost): void {
  const ws = host.switchToWs();
  const client = ws.getClient<Client>();
  const content = { ...messageOf(refusal), cause: { pattern: ws.getPattern(), data: ws.getData<unknown>() } };
  // A native socket is an EventEmitter too, but what it emits stays in this process.
  if (typeof client.readyState === 'number')
    client.send?.(JSON.stringify({ event: EXCEPTION, data: content }));
  else client.emit?.(EXCEPTION, content);
  const acknowledge = host.getArgByIndex<unknown>(2);
  if (typeof acknowledge === 'function') acknowledge(content);
}

/** The event under which Nest reports errors to WebSocket clients. */
const EXCEPTION = 'exception';

/** Outside HTTP programs look for an error's sentence in `message`. */
function messageOf({ problem }: Refusal): Refusal['problem'] & { readonly message: string } {
  return { ...problem, message: problem.detail };
}
