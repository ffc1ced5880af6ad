/** Every bound of the HTTP side in one place, each with its reason (I6). The engine bounds its own work. */

import { MAX_RESERVATION_ID_LENGTH } from '@sundial/contract';

const KIB = 1024;

/** A check of 8 attributes of 256 characters, all of them escaped, is about 13 KiB. */
export const MAX_BODY_BYTES = 32 * KIB;
/** 1,000 checks of about 4 KiB each: eight attributes of 256 characters take 2.3 MiB. */
export const MAX_BATCH_BODY_BYTES = 4 * KIB * KIB;
/** A batch of so much is parsed at once, in 10 ms at most; a longer one a little at a time. */
export const MAX_PARSED_AT_ONCE_BYTES = KIB * KIB;
/** 10,000 rules of about 1.6 KiB each. */
export const MAX_RULE_SET_BODY_BYTES = 16 * 1024 * KIB;
/** More than there can be rules: a set of a few too many gets the error of the rules' own bound. */
export const MAX_LIST_ENTRIES = 20_000;
/** A request or a rule needs five levels; recursive code dies at thousands. */
export const MAX_JSON_DEPTH = 32;
/** A batch of 1,000 checks with 8 attributes and 8 amounts each holds 22,000. Parsing as many takes 5 ms. */
export const MAX_JSON_VALUES = 32_768;
/** An `onDeny` of 4 KiB may hold 700. More in one object cost a parser 400 ns each. */
export const MAX_JSON_FIELDS = 1_000;
/** Node's default. `GET /usage` with 8 long attributes is about 7 KiB. */
export const MAX_HEADER_BYTES = 16 * KIB;
/** The id of a reservation; rule ids of 128 characters, each percent-encoded, are far below. */
export const MAX_PATH_PARAMETER_LENGTH = MAX_RESERVATION_ID_LENGTH;

/** Requests that one socket may have without an answer; then it is no longer read. Pipelining callers send a handful. */
export const MAX_QUEUED_A_SOCKET = 16;
/** Requests that one read of a socket may bring; a socket that brings more is ended. Callers that mean well pipeline a handful. */
export const MAX_REQUESTS_A_READ = 64;
/** Calls begun and not yet sent to the store for longer than this hold up the door: what comes in would only wait inside. */
export const MAX_BACKLOG_MS = 10;
/** Bodies of batches that are arriving or being decided. What comes on top of them waits unread, but for the bodies that began first. */
export const MAX_BATCH_BYTES = 64 * KIB * KIB;
/** What comes of a body with its headers, before anything is asked for: what is read of a socket at once. */
export const READ_AHEAD_BYTES = 64 * KIB;
/** Requests and first parts of bodies of batches that wait. Of 1,000 checks each 40 can be decided before they are shed. */
export const MAX_WAITING_BATCH_BYTES = 16 * KIB * KIB;
/** What a request without its body takes. */
export const REQUEST_BYTES = 8 * KIB;
/** Bodies of whole sets of rules that are arriving or being written, by their announced length. A set on top waits unread. */
export const MAX_LARGE_BODY_BYTES = 2 * MAX_RULE_SET_BODY_BYTES;
/** Idle sockets cost about 10 KiB each, and a file descriptor. */
export const MAX_CONNECTIONS = 16_384;

/** A caller that has not sent its headers by then is not going to. */
export const HEADERS_TIMEOUT_MS = 5_000;
/** 1 MiB arrives within this on any link that a check could use. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** A socket on which nothing moves for this long while a request or an answer is under way, is closed. */
export const STALLED_SOCKET_MS = 15_000;
/** How often the time-outs of requests are looked at; Node's default of 30 s would make them mean little. */
export const TIMEOUT_CHECK_MS = 2_000;
/** Longer than the idle time-outs of common load balancers (60 s), which must be the ones to hang up. */
export const KEEP_ALIVE_MS = 72_000;
/** How soon a caller turned away with 503 may try again. */
export const RETRY_AFTER_S = 1;

/** Streams of `GET /admin/live` at once; each holds one frame at most that its reader has not taken. */
export const MAX_LIVE_STREAMS = 64;
/** Of one actor, so that one key leaves room for the others. */
export const MAX_LIVE_STREAMS_AN_ACTOR = 16;
