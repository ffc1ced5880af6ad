/**
 * How many checks may be sent to one server and not answered: as many as keep it busy over the time of a round trip,
 * and no more, since the next caller waits behind them.
 */
export const WINDOW = 256;
/** The least: one full script call, so that a server that is slow goes on being measured. */
export const MIN_WINDOW = 32;
/** The most, over the longest round trips: because a frozen server holds that many calls of a node. */
export const MAX_WINDOW = 4_096;
/** How long replies are watched before the window changes; the shortest delay of that time is what stands in line. */
const EPOCH_MS = 20;
/** A line in the server that is longer than this shrinks the window: a call must come back long before its deadline. */
const STANDING_QUEUE_MS = 6;
const SHRINK = 0.75;
const GROW = 32;
/** The shortest delay and round trip are those of the last one to two of these. */
const BASE_MS = 5_000;

/**
 * The window of one server, by measured delay (as CoDel and BBR do): the time from sending to the server's own clock at
 * execution is the network and the line in the server, and none of this process's own delays. A line that never
 * empties for an epoch shrinks the window, so that a server that is slow because it is busy is given less and not called
 * broken. It grows again while checks wait for room and no line stands; above `WINDOW` only as far as a long round trip
 * needs. Times come in as arguments (monotonic milliseconds).
 */
export class WireWindow {
  #size = WINDOW;
  #inFlight = 0;
  #wasFull = false;
  #epoch = { since: 0, delayMs: Infinity, answered: 0 };
  readonly #shortestDelay = new RecentMinimum(BASE_MS);
  readonly #shortestTrip = new RecentMinimum(BASE_MS);

  get size(): number {
    return this.#size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether more may be sent now. Checks wait when it says no. */
  get hasRoom(): boolean {
    const hasRoom = this.#inFlight < this.#size;
    if (!hasRoom) this.#wasFull = true;
    return hasRoom;
  }

  sent(checks: number): void {
    this.#inFlight += checks;
  }

  /** The call came to an end without a reply. */
  failed(checks: number): void {
    this.#inFlight -= checks;
  }

  /** `delayMs`: from sending to execution, on the server's clock. */
  answered(checks: number, { sentAt, receivedAt, delayMs }: Trip): void {
    this.#inFlight -= checks;
    this.#shortestDelay.add(delayMs, receivedAt);
    this.#shortestTrip.add(receivedAt - sentAt, receivedAt);
    const epoch = this.#epoch;
    epoch.delayMs = Math.min(epoch.delayMs, delayMs);
    epoch.answered += checks;
    if (receivedAt - epoch.since < EPOCH_MS) return;
    this.#adjust(receivedAt - epoch.since);
    this.#epoch = { since: receivedAt, delayMs: Infinity, answered: 0 };
    this.#wasFull = false;
  }

  #adjust(lengthMs: number): void {
    const { delayMs, answered } = this.#epoch;
    if (delayMs - this.#shortestDelay.value > STANDING_QUEUE_MS) {
      this.#size = Math.max(MIN_WINDOW, Math.floor(this.#size * SHRINK));
    } else if (this.#wasFull) {
      const perTrip = (answered / lengthMs) * this.#shortestTrip.value;
      const most = Math.min(MAX_WINDOW, Math.max(WINDOW, Math.ceil(2 * perTrip)));
      this.#size = Math.min(most, this.#size + GROW);
    }
  }
}

interface Trip {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly delayMs: number;
}

/** The smallest value of the last one to two intervals. */
class RecentMinimum {
  #since = -Infinity;
  #current = Infinity;
  #before = Infinity;

  constructor(private readonly spanMs: number) {}

  get value(): number {
    return Math.min(this.#current, this.#before);
  }

  add(value: number, now: number): void {
    if (now - this.#since >= this.spanMs) {
      this.#before = now - this.#since >= 2 * this.spanMs ? Infinity : this.#current;
      this.#current = Infinity;
      this.#since = now;
    }
    this.#current = Math.min(this.#current, value);
  }
}
