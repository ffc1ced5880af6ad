import { Problem } from './problem.js';

/**
 * What Fastify refuses by itself, in the service's words. Undefined: no fault of the caller. `maxBodyBytes` is what the
 * route of the request takes.
 */
export function fromFastify(error: unknown, maxBodyBytes: number): Problem | undefined {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem(
        'payload-too-large',
        `The body is larger than the ${maxBodyBytes} bytes this route takes: send less, or in parts.`,
      );
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem('unsupported-media-type', 'Send the body as content-type: application/json.');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new Problem('uri-too-long', 'A part of the path is longer than any id can be.');
    case 'FST_ERR_BAD_URL':
      return new Problem('malformed-request', 'The path is not validly percent-encoded.');
    default:
      return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
        ? new Problem('malformed-request', 'The request does not match its headers.')
        : undefined;
  }
}
