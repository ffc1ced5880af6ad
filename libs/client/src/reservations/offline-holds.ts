import { randomBytes } from 'node:crypto';
import {
  type Amounts,
  DEFAULT_TTL_MS,
  type OnExpiry,
  type Reservation,
  type ReserveRequest,
} from '@sundial/contract';
import type { Failure } from '../answers/outcome.js';
import type { NamedRequest } from '../fallback/degraded-operations.js';

const PREFIX = 'offline-';
/** Holds whose changes this client remembers; of older ones it knows what their ids say. */
const MAX_KNOWN = 10_000;

/** What a reservation that no service made was decided by. Its id carries all of it, so any client can end it. */
interface Origin {
  readonly operationId: string;
  readonly resource: string;
  readonly subject: Reservation['subject'];
  readonly amounts: Amounts;
  readonly expiresAt: string;
  readonly onExpiry: OnExpiry;
  readonly decidedAt: string;
  readonly failure: Pick<Failure, 'cause' | 'sent'>;
}

export interface OfflineHold extends Origin {
  readonly reservation: Reservation;
}

/** Reservations that this client made, since no service could. */
export class OfflineHolds {
  readonly #known = new Map<string, OfflineHold>();

  static owns(id: string): boolean {
    return id.startsWith(PREFIX);
  }

  make(request: NamedRequest & ReserveRequest, { cause, sent }: Failure, now: number): OfflineHold {
    const { operationId, resource, subject, amount = 1, amounts, ttlMs = DEFAULT_TTL_MS } = request;
    const origin: Origin = {
      operationId,
      resource,
      subject,
      amounts: { units: amount, ...amounts },
      expiresAt: new Date(now + ttlMs).toISOString(),
      onExpiry: request.onExpiry ?? 'release',
      decidedAt: new Date(now).toISOString(),
      failure: { cause, sent },
    };
    const content = Buffer.from(JSON.stringify(origin)).toString('base64url');
    return this.#remember(asHold(`${PREFIX}${randomBytes(6).toString('hex')}-${content}`, origin));
  }

  /** Undefined for an id that no client made. */
  find(id: string): OfflineHold | undefined {
    const known = this.#known.get(id);
    if (known) return known;
    try {
      const [, content = ''] = /^offline-[0-9a-f]{12}-(.+)$/.exec(id) ?? [];
      return asHold(id, JSON.parse(Buffer.from(content, 'base64url').toString()) as Origin);
    } catch {
      return undefined;
    }
  }

  change(hold: OfflineHold, change: Partial<Reservation>): OfflineHold {
    return this.#remember({ ...hold, reservation: { ...hold.reservation, ...change } });
  }

  #remember(hold: OfflineHold): OfflineHold {
    this.#known.set(hold.reservation.id, hold);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(oldest);
    }
    return hold;
  }
}

function asHold(id: string, origin: Origin): OfflineHold {
  const { operationId, resource, subject, amounts, expiresAt } = origin;
  const reservation = { id, operationId, resource, subject, state: 'held', expiresAt, amounts } as const;
  return { ...origin, reservation };
}
