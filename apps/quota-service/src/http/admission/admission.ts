import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { FairQueue } from '@sundial/engine';
import { ActorShares, type Share } from './actor-shares.js';

/** What the requests begun in one turn of the event loop may keep it busy for; what else is there waits for the next one. */
const TURN_MS = 3;
/** How long a request waits for its turn. Then its caller has likely gone (`QuotaClient` waits 200 ms): fresher ones come first. */
export const FRESH_MS = 200;
/**
 * So long it may still be begun when nothing fresher waits; then it is shed. Since a refusal takes that long, callers that
 * repeat without a pause can't turn refusals into load.
 */
export const SHED_AFTER_MS = 1_000;
/** So many requests are begun in a turn as long as it is not known what they cost. */
const FIRST_TURN = 32;
/** A turn begins so many at least, however dear they are. */
const LEAST_BEGUN = 2;
/**
 * So many requests may wait, read, before their sockets are no longer read. Parked sockets cost a system call each, a
 * request that waits a few kilobytes.
 */
const LEAST_READ = 256;
/** How soon what is blocked is looked at again. */
const BLOCKED_MS = 1;

/** A request whose headers have arrived. */
export interface Arrival {
  readonly socket: Socket;
  /** Whose turn it is: of each caller that waits, one after the other. */
  readonly fairnessKey: string;
  /** Goes on with the request: its body is read, and it is served. */
  readonly admit: () => void;
  /** Answers that there is no room. */
  readonly shed: () => void;
  /** What it takes of memory while it waits: a part of its body comes with its headers. Default 0. */
  readonly waitingBytes?: number;
}

/**
 * Begins no more than can be answered in time, by measured delay: in each turn of the event loop so many requests as a few
 * milliseconds were enough for in the turns before, and while what was begun before is not held up (`isBlocked`). The
 * others wait, their bodies unread, and cost nothing; when they have waited too long they are shed. What is admitted is
 * served at full speed: all that arrived in a turn is begun together, so that each step is done for all of them while its
 * code is at hand, which embedded takes a fifth less than one request after the other.
 */
export class Admission {
  readonly #isBlocked: () => boolean;
  /** Every request that waits, the oldest first; and some that no longer do. */
  readonly #ages = new Ages();
  readonly #fresh = new FairQueue<Ticket>();
  readonly #wantMore: (requests: number) => boolean;
  /** What those that wait hold. */
  readonly #held: ActorShares<Ticket>;
  #waiting = 0;
  #isScheduled = false;
  /** When the last turn began requests, and how many. */
  #turnAt = 0;
  #begun = 0;
  /** How many a turn may begin. */
  #aTurn = FIRST_TURN;

  /**
   * `isBlocked`: whether what was begun before is held up, so that nothing more should be. `wantMore`: called with how many
   * requests may come on top of those that wait; says whether some of that many may yet have to be asked for.
   * `maxWaitingBytes`: what those that wait may hold; beyond it those who have waited longest are shed, of the actor that
   * has most.
   */
  constructor(
    isBlocked: () => boolean,
    {
      wantMore = () => false,
      maxWaitingBytes = Infinity,
    }: { readonly wantMore?: (requests: number) => boolean; readonly maxWaitingBytes?: number } = {},
  ) {
    this.#isBlocked = isBlocked;
    this.#wantMore = wantMore;
    this.#held = new ActorShares(maxWaitingBytes);
  }

  /** Many more requests wait than the next turn can begin: callers that have an answer need not be heard yet. */
  get isSaturated(): boolean {
    return this.#waiting >= Math.max(this.#aTurn, LEAST_READ);
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Admits a request in this turn of the event loop or a later one, or sheds it in the end; one whose socket closes meanwhile is forgotten. */
  enter(arrival: Arrival): void {
    const { fairnessKey, waitingBytes = 0 } = arrival;
    const ticket: Ticket = {
      actor: fairnessKey,
      bytes: waitingBytes,
      arrival,
      since: performance.now(),
      state: 'fresh',
    };
    for (let oldest = this.#held.givingWayTo(ticket); oldest; oldest = this.#held.givingWayTo(ticket))
      this.#shed(oldest);
    this.#waiting++;
    if (waitingBytes > 0) this.#held.add(ticket);
    this.#ages.add(ticket);
    this.#fresh.add(ticket, fairnessKey);
    this.#schedule(setImmediate);
  }

  #shed(ticket: Ticket): void {
    const { arrival } = ticket;
    this.#end(ticket);
    arrival!.shed();
  }

  /** It waits no longer. What is left of it in lists must hold no request. */
  #end(ticket: Ticket): void {
    this.#waiting--;
    if (ticket.bytes > 0) this.#held.remove(ticket);
    ticket.state = 'over';
    ticket.arrival = undefined;
  }

  #schedule(after: (callback: () => void) => unknown): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    after(this.#nextTurn);
  }

  readonly #nextTurn = (): void => {
    this.#isScheduled = false;
    const now = performance.now();
    this.#measure(now);
    for (const ticket of this.#ages.pass(now)) this.#shed(ticket);
    const isBlocked = this.#isBlocked();
    const mayCome = isBlocked || this.#wantMore(this.#aTurn - this.#waiting);
    if (this.#waiting === 0 && !mayCome) return;
    if (isBlocked) return this.#schedule((callback) => setTimeout(callback, BLOCKED_MS).unref());
    this.#turnAt = now;
    this.#admit();
    // The next one measures this one, also when nothing else comes.
    this.#schedule(setImmediate);
  };

  /** Of turns that had about as much to begin as they may: what requests do in their later ticks is part of it. */
  #measure(now: number): void {
    const begun = this.#begun;
    this.#begun = 0;
    if (begun < this.#aTurn / 2) return;
    const inTime = (begun * TURN_MS) / Math.max(now - this.#turnAt, 1);
    this.#aTurn = Math.max(LEAST_BEGUN, (this.#aTurn + inTime) / 2);
  }

  #admit(): void {
    while (this.#waiting > 0 && this.#begun < this.#aTurn) {
      const ticket = this.#next();
      if (ticket === undefined) return;
      const arrival = ticket.arrival!;
      this.#end(ticket);
      if (!arrival.socket.writable) continue;
      this.#begun++;
      arrival.admit();
    }
  }

  /** The oldest that is fresh, of each caller in turn; else the youngest that is not. */
  #next(): Ticket | undefined {
    while (this.#fresh.size > 0) {
      const [ticket] = this.#fresh.take(1);
      if (ticket!.state === 'fresh') return ticket;
    }
    return this.#ages.youngestAged();
  }
}

interface Ticket extends Share {
  /** Undefined when it is over. */
  arrival: Arrival | undefined;
  /** Monotonic. */
  readonly since: number;
  state: 'fresh' | 'aged' | 'over';
}

/** What waits, by how long it has. */
class Ages {
  readonly #young = new Deque<Ticket>();
  readonly #aged = new Deque<Ticket>();

  add(ticket: Ticket): void {
    this.#young.push(ticket);
  }

  /** Lets time pass: what has waited too long, and is in no list any more. */
  pass(now: number): Ticket[] {
    for (let first = this.#young.first; first && isDone(first, now, FRESH_MS); first = this.#young.first) {
      this.#young.shift();
      if (first.state === 'over') continue;
      first.state = 'aged';
      this.#aged.push(first);
    }
    const shed: Ticket[] = [];
    for (let first = this.#aged.first; first && isDone(first, now, SHED_AFTER_MS); first = this.#aged.first) {
      this.#aged.shift();
      if (first.state !== 'over') shed.push(first);
    }
    return shed;
  }

  youngestAged(): Ticket | undefined {
    let youngest = this.#aged.pop();
    while (youngest?.state === 'over') youngest = this.#aged.pop();
    return youngest;
  }
}

function isDone({ state, since }: Ticket, now: number, afterMs: number): boolean {
  return state === 'over' || now - since >= afterMs;
}

/** A list that is taken from at both ends, without moving what is left at every turn. */
class Deque<T> {
  #items: (T | undefined)[] = [];
  #first = 0;

  get first(): T | undefined {
    return this.#items[this.#first];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  pop(): T | undefined {
    return this.#items.length > this.#first ? this.#items.pop() : undefined;
  }

  shift(): void {
    // What it holds is a request and all that hangs on it: it must not grow old here.
    this.#items[this.#first++] = undefined;
    if (this.#first < 1_024 || this.#first < this.#items.length / 2) return;
    this.#items = this.#items.slice(this.#first);
    this.#first = 0;
  }
}
