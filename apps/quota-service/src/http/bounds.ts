/** Every bound of the HTTP side in one place, each with its reason (I6). The engine bounds its own work. */

const KIB = 1024;

/** A check of 8 attributes of 256 characters, all of them escaped, is about 13 KiB. */
export const MAX_BODY_BYTES = 32 * KIB;
export const MAX_BATCH_CHECKS = 1_000;
/** 1,000 checks of about 1 KiB each. */
export const MAX_BATCH_BODY_BYTES = 1024 * KIB;
/** A request or a rule needs five levels; recursive code dies at thousands. */
export const MAX_JSON_DEPTH = 32;
/** Node's default. `GET /usage` with 8 long attributes is about 7 KiB. */
export const MAX_HEADER_BYTES = 16 * KIB;
/** A rule id of 128 characters, each percent-encoded. */
export const MAX_PATH_PARAMETER_LENGTH = 3 * 128;

/** Each request in flight holds up to a body and its answer: at 32 KiB, 256 MiB at the very worst. */
export const MAX_REQUESTS_IN_FLIGHT = 8_192;
/** A batch weighs as much as hundreds of checks, and must not crowd them out (I9). */
export const MAX_BATCHES_IN_FLIGHT = 16;
/** Idle sockets cost about 10 KiB each, and a file descriptor. */
export const MAX_CONNECTIONS = 16_384;

/** A caller that has not sent its headers by then is not going to. */
export const HEADERS_TIMEOUT_MS = 5_000;
/** 1 MiB arrives within this on any link that a check could use. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** How often the two above are looked at; Node's default of 30 s would make them mean little. */
export const TIMEOUT_CHECK_MS = 2_000;
/** Longer than the idle time-outs of common load balancers (60 s), which must be the ones to hang up. */
export const KEEP_ALIVE_MS = 72_000;
/** How soon a caller turned away with 503 may try again. */
export const RETRY_AFTER_S = 1;
