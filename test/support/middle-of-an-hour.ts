const HOUR_MS = 3_600_000;

/** A clock offset under which it is half past an hour now, in every zone of whole hours: no window ends during a test. */
export function middleOfAnHourOffsetMs(): number {
  return HOUR_MS / 2 - (Date.now() % HOUR_MS);
}
