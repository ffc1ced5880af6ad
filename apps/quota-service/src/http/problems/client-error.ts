import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ANSWER_HEADERS, ANSWER_HEADER_LINES } from '../answer-headers.js';
import { MAX_HEADER_BYTES } from '../bounds.js';
import { Problem, PROBLEM_TYPE, problemBody, type ProblemCode } from './problem.js';

/** Answers what is no HTTP request at all, on the bare socket, and hangs up. */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  count: (code: ProblemCode) => void,
): void {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const problem = problemOf(error);
    count(problem.code);
    socket.write(bareAnswer(problem));
  }
  socket.destroy(error);
}

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
  return (
    `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status]}\r\ncontent-type: ${PROBLEM_TYPE}\r\n${ANSWER_HEADER_LINES}` +
    `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`
  );
}

function problemOf({ code }: NodeJS.ErrnoException): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Problem('request-timeout', 'The request did not arrive completely in time.');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Problem('headers-too-large', `The headers are larger than ${MAX_HEADER_BYTES} bytes.`);
  }
  return new Problem('malformed-request', 'The bytes received are no HTTP request.');
}
