import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ANSWER_HEADERS, ANSWER_HEADER_LINES } from '../answer-headers.js';
import { MAX_HEADER_BYTES } from '../bounds.js';
import { Problem, PROBLEM_TYPE, problemBody, problemHeaders, type ProblemCode } from './problem.js';

/** What Node.js says of bytes that it cannot parse. */
interface ParserError extends Error {
  readonly code?: string;
  /** A `Buffer`, where there is one. */
  readonly rawPacket?: unknown;
  /** Where in them it stopped. */
  readonly bytesParsed?: number;
}

interface AnswersOnSockets {
  readonly count: (code: ProblemCode) => void;
  /** What to say of a method that no route takes. */
  readonly missing: (asked: { readonly method: string; readonly url: string }) => Problem;
}

/** Answers what is no HTTP request at all, on the bare socket, and hangs up. */
export function answerClientError(
  error: ParserError,
  socket: Socket,
  { count, missing }: AnswersOnSockets,
): void {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const unknown = error.code === 'HPE_INVALID_METHOD' ? requestLine(error) : undefined;
    const problem = unknown === undefined ? problemOf(error) : missing(unknown);
    count(problem.code);
    socket.write(bareAnswer(problem));
  }
  socket.destroy(error);
}

/** For `CONNECT`: this is no proxy, and Node.js would hang up without a word. */
export function answerConnect(
  { method = '', url = '' }: IncomingMessage,
  socket: Duplex,
  { count, missing }: AnswersOnSockets,
): void {
  const problem = missing({ method, url });
  count(problem.code);
  socket.on('error', () => undefined);
  socket.end(bareAnswer(problem), () => socket.destroy());
}

/** The line of a request whose method Node.js does not know, where it is one all the same (RFC 9112 §3). */
function requestLine({
  rawPacket,
  bytesParsed = 0,
}: ParserError): { method: string; url: string } | undefined {
  if (!Buffer.isBuffer(rawPacket)) return undefined;
  // Other requests may stand before it.
  const from = rawPacket.lastIndexOf('\n', bytesParsed) + 1;
  const text = rawPacket.toString('latin1', from, from + MAX_REQUEST_LINE);
  const [, method, url] = /^([!#$%&'*+.^_`|~\w-]{1,64}) (\/\S*) HTTP\/1\.[01]\r?\n/.exec(text) ?? [];
  return method === undefined || url === undefined ? undefined : { method, url };
}

/** Longer ones are looked for no end of. */
const MAX_REQUEST_LINE = 2_048;

/** For `Expect` with other than 100-continue, which Node.js would answer by itself and in its own words. */
export function answerExpectation(response: ServerResponse, count: (code: ProblemCode) => void): void {
  const problem = new Problem('expectation-failed', 'Send the request without Expect, or with 100-continue.');
  count(problem.code);
  const body = problemBody(problem);
  const headers = { ...ANSWER_HEADERS, 'content-type': PROBLEM_TYPE, connection: 'close' };
  response.writeHead(body.status, headers).end(JSON.stringify(body));
}

function bareAnswer(problem: Problem): string {
  const body = problemBody(problem);
  const text = JSON.stringify(body);
  const headers = Object.entries(problemHeaders(problem)).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status]}\r\ncontent-type: ${PROBLEM_TYPE}\r\n${ANSWER_HEADER_LINES}` +
    `${headers.join('')}content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`
  );
}

function problemOf({ code }: ParserError): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Problem('request-timeout', 'The request did not arrive completely in time.');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Problem('headers-too-large', `The headers are larger than ${MAX_HEADER_BYTES} bytes.`);
  }
  return new Problem('malformed-request', 'The bytes received are no HTTP request.');
}
