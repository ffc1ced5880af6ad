import { UNITS_METER } from '@sundial/contract';
import {
  type Amounts,
  amountsByMeter,
  type MeterAmounts,
  type SettledHold,
  type SettleRequest,
} from '@sundial/engine/ports';

/** What an operation has that is neither a check that counted nor one that was voided: a reservation's, and a refund. */
type HoldFacts = Pick<SettleRequest, 'intent' | 'hold' | 'committed' | 'extended' | 'decidedAt'>;

const INTENTS = ['count', 'void', 'hold', 'commit', 'release', 'refund'] as const;
/** Of these, one has 1 to 6, and no facts are 0. */
const INTENT_BITS = 7;
const HAS_HOLD = 8;
const COMMITS_ON_EXPIRY = 16;
const COMMITTED_AS_HELD = 32;

/**
 * What reservations have beside what checks have, by place: as numbers, since objects that live for seconds, two for each
 * reservation, are work for the garbage collector. Only other amounts than were held are kept as objects.
 */
export class AcknowledgedHolds {
  readonly #kinds: Uint8Array;
  readonly #decidedAt: Float64Array;
  readonly #takenAt: Float64Array;
  readonly #expiresAt: Float64Array;
  readonly #named = new Map<number, Pick<HoldFacts, 'committed' | 'extended'>>();

  constructor(places: number) {
    this.#kinds = new Uint8Array(places);
    this.#decidedAt = new Float64Array(places);
    this.#takenAt = new Float64Array(places);
    this.#expiresAt = new Float64Array(places);
  }

  /** Replaces what is at this place. */
  set(place: number, facts: HoldFacts & Amounts): void {
    const { intent, hold, committed, extended, decidedAt } = facts;
    if (this.#kinds[place] !== 0 && this.#named.size > 0) this.#named.delete(place);
    this.#kinds[place] = 0;
    if (hold === undefined && intent !== 'refund') return;
    let kind = INTENTS.indexOf(intent) + 1;
    this.#decidedAt[place] = decidedAt;
    if (hold !== undefined) {
      kind |= HAS_HOLD | (hold.onExpiry === 'commit' ? COMMITS_ON_EXPIRY : 0);
      this.#takenAt[place] = hold.takenAt;
      this.#expiresAt[place] = hold.expiresAt;
    }
    const isAsHeld = committed !== undefined && extended === undefined && isWhole(committed, facts);
    this.#kinds[place] = isAsHeld ? kind | COMMITTED_AS_HELD : kind;
    if (isAsHeld || (committed === undefined && extended === undefined)) return;
    this.#named.set(place, { ...(committed && { committed }), ...(extended && { extended }) });
  }

  /** What is at this place, of an operation that takes these amounts; undefined for a check. */
  at(place: number, takes: Amounts): HoldFacts | undefined {
    const kind = this.#kinds[place]!;
    if (kind === 0) return undefined;
    return {
      intent: INTENTS[(kind & INTENT_BITS) - 1]!,
      decidedAt: this.#decidedAt[place]!,
      ...(kind & HAS_HOLD && { hold: this.#holdAt(place) }),
      ...(kind & COMMITTED_AS_HELD ? { committed: amountsByMeter(takes) } : this.#named.get(place)),
    };
  }

  /** Also of what a node had decided: the store has had it since, and what it does not know of it then it has lost. */
  #holdAt(place: number): SettledHold {
    return {
      takenAt: this.#takenAt[place]!,
      isDegraded: false,
      isLost: true,
      expiresAt: this.#expiresAt[place]!,
      onExpiry: this.#kinds[place]! & COMMITS_ON_EXPIRY ? 'commit' : 'release',
    };
  }
}

/** Whether these are all that was held. */
function isWhole(committed: MeterAmounts, { amount, amounts }: Amounts): boolean {
  let meters = amounts === undefined ? 1 : 1 + Object.keys(amounts).length;
  for (const meter of Object.keys(committed)) {
    const held = meter === UNITS_METER ? amount : ownOf(amounts, meter);
    if (committed[meter] !== held) return false;
    meters--;
  }
  return meters === 0;
}

function ownOf(amounts: MeterAmounts | undefined, meter: string): number | undefined {
  return amounts !== undefined && Object.hasOwn(amounts, meter) ? amounts[meter] : undefined;
}
