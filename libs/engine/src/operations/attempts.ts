/*
 * The attempts of an operation, joined by commas: those whose callers may rely on it, and with a `!` those that were voided.
 * A voided attempt must not count any more, however late it arrives; others may.
 */

/** As in the scripts: an operation that is repeated for ever takes no more room than this. */
const MAX_LENGTH = 1_000;
const VOIDED = '!';
/**
 * Stands among them where another reservation had freed the operation's id before: no node makes such an attempt. It outlives what takes
 * the reservation's place.
 */
export const FREED = `${VOIDED}~`;

/** The attempts and one more, whose caller may rely on the operation; a voided one has no caller that does. */
export function withAttempt(attempts: string, attempt: string): string {
  if (attempts === attempt || hasAttempt(attempts, attempt) || isVoided(attempts, attempt)) return attempts;
  return attempts.length + attempt.length > MAX_LENGTH ? attempts : `${attempts},${attempt}`;
}

/** The attempts and one more, whose caller was answered that it counts, whatever was settled before. */
export function withAllowed(attempts: string, attempt: string): string {
  return isVoided(attempts, attempt)
    ? withAttempt(without(attempts, VOIDED + attempt), attempt)
    : withAttempt(attempts, attempt);
}

/** The attempts, of an operation whose id another reservation had freed before. */
export function afterFreed(attempts: string): string {
  return hasAttempt(attempts, FREED) ? attempts : `${attempts},${FREED}`;
}

function without(attempts: string, attempt: string): string {
  return attempts
    .split(',')
    .filter((each) => each !== attempt)
    .join(',');
}

export function hasAttempt(attempts: string, attempt: string): boolean {
  return attempts.split(',').includes(attempt);
}

export function isVoided(attempts: string, attempt: string): boolean {
  return attempts.includes(VOIDED) && hasAttempt(attempts, VOIDED + attempt);
}

/** Those that count; none is ''. */
export function liveAttempts(attempts: string): string {
  return attempts
    .split(',')
    .filter((each) => !each.startsWith(VOIDED))
    .join(',');
}

/** The attempts, of which this one must not count any more. Where there is no room for it, earlier ones are forgotten. */
export function withVoided(attempts: string, attempt: string): string {
  if (isVoided(attempts, attempt)) return attempts;
  const all = attempts.split(',').filter((each) => each !== attempt && each !== '');
  const isLong = all.join(',').length + attempt.length >= MAX_LENGTH;
  const rest = isLong ? all.filter((each) => each === FREED || !each.startsWith(VOIDED)) : all;
  return [...rest, VOIDED + attempt].join(',');
}

/** The attempts of a new record in the place of a tombstone: those that were voided stay so. */
export function afterTombstone(attempt: string, voided: string | undefined): string {
  const others = voided === undefined ? '' : without(asVoided(voided), VOIDED + attempt);
  return others === '' ? attempt : `${attempt},${others}`;
}

/** Of a tombstone, as this version or one before it wrote it. */
export function asVoided(attempts: string): string {
  return attempts.startsWith(VOIDED) ? attempts : VOIDED + attempts;
}
