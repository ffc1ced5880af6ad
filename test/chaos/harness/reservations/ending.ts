import type {
  CommitRequest,
  ExtendRequest,
  Refunded,
  RefundRequest,
  ReservationAnswer,
  ReserveDecision,
} from '@sundial/contract';
import type { Answer } from '../history.js';
import type { Operation } from '../workload.js';

/** What a caller asks of an operation that was decided: to end its reservation, to extend it, or to refund it. */
export type Ending =
  | { readonly verb: 'commit'; readonly id: string; readonly body: CommitRequest }
  | { readonly verb: 'extend'; readonly id: string; readonly body: ExtendRequest }
  | { readonly verb: 'release'; readonly id: string }
  | { readonly verb: 'refund'; readonly body: RefundRequest };

/** What a node answered to it. */
export type EndingAnswer =
  | { readonly kind: 'ended'; readonly body: ReservationAnswer }
  | { readonly kind: 'extended'; readonly body: ReserveDecision }
  | { readonly kind: 'refunded'; readonly body: Refunded }
  | Failure
  | Extract<Answer, { readonly kind: 'unanswered' }>;

/** `state`: how the reservation has ended otherwise. */
type Failure = Extract<Answer, { readonly kind: 'failed' }> & { readonly state?: string | undefined };

/** An ending, asked of one node, as its caller saw it. Times are of the monotonic clock. */
export interface Asking {
  readonly ending: Ending;
  readonly operation: Operation;
  readonly node: string;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly answer: EndingAnswer;
  /** Asked when the store itself had said that the reservation ended otherwise: it is to be refused. */
  readonly isContrary: boolean;
}

export function bodyOf(ending: Ending): { readonly body?: object } {
  return 'body' in ending ? { body: ending.body } : {};
}

/** How the service is asked. */
export function routeOf(ending: Ending): string {
  return ending.verb === 'refund'
    ? '/refunds'
    : `/reservations/${encodeURIComponent(ending.id)}/${ending.verb}`;
}

/** A 200 to it. */
export function answered({ verb }: Pick<Ending, 'verb'>, body: unknown): EndingAnswer {
  switch (verb) {
    case 'commit':
    case 'release':
      return { kind: 'ended', body: body as ReservationAnswer };
    case 'extend':
      return { kind: 'extended', body: body as ReserveDecision };
    case 'refund':
      return { kind: 'refunded', body: body as Refunded };
    default:
      return verb satisfies never;
  }
}

/** The store itself has answered it, with yes or no. A refund without it names no amounts. */
export function isByTheStore({ answer }: Asking): boolean {
  switch (answer.kind) {
    case 'ended':
    case 'extended':
      return answer.body.degraded === null;
    case 'refunded':
      return Object.keys(answer.body.amounts).length > 0;
    case 'failed':
      return answer.status < 500;
    case 'unanswered':
      return false;
    default:
      return answer satisfies never;
  }
}
