/** Every bound of what callers and operators send, stated once. Patterns are anchored, so they can stand in JSON Schemas. */

/** A resource, a rule id, a meter. */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
/** An attribute of a subject. `resource` is none: `GET /usage` has a parameter of that name. */
export const ATTRIBUTE_PATTERN = /^(?!resource$)[a-z][A-Za-z0-9_-]{0,31}$/;
/** Printable ASCII, the space included. */
export const OPERATION_ID_PATTERN = /^[\x20-\x7e]{1,128}$/;

/** Attributes of a subject, and of a rule's `per`. */
export const MAX_ATTRIBUTES = 8;
/** Characters (code points) of an attribute's value; at least one. */
export const MAX_VALUE_LENGTH = 256;
/** Units of one operation, and of a limit's `max`: above it integers are no longer exact. */
export const MAX_UNITS = Number.MAX_SAFE_INTEGER;
/** Checks in one batch. */
export const MAX_BATCH_CHECKS = 1_000;
/** Reports in one request. */
export const MAX_REPORTS = 1_000;
/** How far the clock of a client that reports may be from the store's, either way. */
export const MAX_CLOCK_SKEW_MS = 5 * 60_000;

/** Rules of one service: every node holds them all. */
export const MAX_RULES = 10_000;
/** Rules in one answer of `GET /admin/rules`, which is made in a few milliseconds. */
export const MAX_RULES_PER_PAGE = 1_000;
export const MAX_LIMITS_A_RULE = 16;
/** Tiers of one rule, entries of one limit's `when`, and dates or ranges of dates of one entry. */
export const MAX_TIERS_A_RULE = 32;
export const MAX_SCHEDULES_A_LIMIT = 16;
export const MAX_DATES_A_SCHEDULE = 64;
/** Thresholds of one limit, and the largest share of its max that one may be. */
export const MAX_THRESHOLDS_A_LIMIT = 8;
export const MAX_THRESHOLD = 10;
/** Meters that one check takes of, besides `units`. */
export const MAX_METERS = 8;

/** How long a reservation may hold its units, and how long where the caller does not say, in milliseconds. */
export const MIN_TTL_MS = 1_000;
export const MAX_TTL_MS = 24 * 60 * 60_000;
export const DEFAULT_TTL_MS = 60_000;
/** Live reservations of one counter; one more is refused (`too-many-holds`). */
export const MAX_HOLDS = 10_000;
/** Characters of the reason for a release, a refund, a correction, a gate, a brake or a drill. */
export const MAX_REASON_LENGTH = 256;
/**
 * A reservation's id is a part of a path, and Node.js takes 16 KiB of request line and headers. Most have 200 characters; the
 * longest subject, of any characters but those that JSON escapes, has room.
 */
export const MAX_RESERVATION_ID_LENGTH = 14_000;
/** What a reservation's id is made of; to its callers it is opaque. */
export const RESERVATION_ID_PATTERN = /^[A-Za-z0-9_-]{1,14000}$/;
/** Gates of one service, brakes, and drills: every node holds them all. */
export const MAX_GATES = 1_000;
export const MAX_BRAKES = 1_000;
export const MAX_DRILLS = 100;
/** How far ahead a drill may end, in milliseconds. */
export const MAX_DRILL_MS = 60 * 60_000;
/** Overrides in one answer, and lines of an import. */
export const MAX_OVERRIDES_PER_PAGE = 500;
export const MAX_IMPORTED_OVERRIDES = 10_000;
/** Characters of a receipt; a longer text is none. */
export const MAX_RECEIPT_LENGTH = 8_192;
/** Bytes of the subject, as JSON, that a receipt can name: with the longest names of all else it has `MAX_RECEIPT_LENGTH` then. */
export const MAX_RECEIPT_SUBJECT_BYTES = 1_536;
export const MAX_DESCRIPTION_LENGTH = 1_024;

/** Of a rule's `onDeny`. */
export const ON_DENY_BOUNDS = {
  codeLength: 128,
  messageLength: 1_024,
  actionLength: 128,
  /** Of the whole as JSON. */
  bytes: 4_096,
  depth: 8,
} as const;
