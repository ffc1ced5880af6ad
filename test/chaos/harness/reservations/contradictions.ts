import type { Amounts } from '@sundial/contract';
import { isDeepStrictEqual } from 'node:util';
import { byOperation, type Loss } from '../history.js';
import type { Asking, EndingAnswer } from './ending.js';
import { amountsOf, committedOf } from './fate.js';

type Ended = Extract<EndingAnswer, { readonly kind: 'ended' }>['body'];

/** Something that callers were answered about an operation, and that cannot be. */
export interface Contradiction {
  readonly operationId: string;
  readonly sentence: string;
}

/** Where answers to endings contradict what was asked, or each other (I13). `loss`: when the store lost its data. */
export function contradictionsIn(endings: readonly Asking[], loss?: Loss): Contradiction[] {
  return [...byOperation(endings)].flatMap(([operationId, askings]) => {
    const contradictions = [
      ...refusedIn(askings, loss),
      ...differencesIn(askings),
      ...contrariesIn(askings),
      ...refundsIn(askings, loss),
    ];
    return [...new Set(contradictions)].map((sentence) => ({ operationId, sentence }));
  });
}

/**
 * An ending that is no contrary one is refused by an expiry that it cannot undo, or by a refund: without the store, a commit
 * and its refund are settled as one release. A store that has lost a reservation does not know it until a node has replayed it, and never
 * where its expiry had released it: nothing of it is left to be replayed.
 */
function refusedIn(askings: readonly Asking[], loss: Loss | undefined): string[] {
  const isRefunded = askings.some(({ answer }) => answer.kind === 'refunded');
  return askings.flatMap(({ ending, operation, answer, isContrary }, index) => {
    if (isContrary || ending.verb === 'refund' || answer.kind !== 'failed' || answer.status >= 500) return [];
    const isExpired = answer.state === 'expired' && (ending.verb === 'extend' || expiresCommitted(operation));
    const isUndone = isRefunded && answer.state === 'released';
    const isNotFound = answer.status === 404;
    const isReplayed = isNotFound && askings.slice(index).some(isOfTheKnown);
    const isGone = isNotFound && loss !== undefined && wasReleasedByExpiry(askings, index, loss);
    return isExpired || isUndone || isReplayed || isGone
      ? []
      : [`${ending.verb} answered ${answer.status} ${answer.code}`];
  });
}

function isRefused({ answer }: Asking): boolean {
  return answer.kind === 'failed' && answer.status < 500;
}

function isUnknown({ answer }: Asking): boolean {
  return answer.kind === 'failed' && answer.status === 404;
}

/** How it ended: as was asked, or otherwise. */
function isOfTheKnown({ answer }: Asking): boolean {
  return answer.kind === 'ended' || (answer.kind === 'failed' && answer.state !== undefined);
}

/** A node has said so before, or it was held for less than has passed since the loss. */
function wasReleasedByExpiry(askings: readonly Asking[], index: number, { from }: Loss): boolean {
  const { sentAt, operation } = askings[index]!;
  const { hold } = operation;
  if (hold?.onExpiry !== 'release') return false;
  const isSaid = askings
    .slice(0, index)
    .some(({ answer }) => answer.kind === 'ended' && answer.body.reservation.state === 'expired');
  const isExtended = askings.some(({ ending }) => ending.verb === 'extend');
  return isSaid || (!isExtended && sentAt >= from + hold.ttlMs);
}

function expiresCommitted({ hold }: Asking['operation']): boolean {
  return hold?.onExpiry === 'commit';
}

/** All answers to one ending say the same, and a commit what it named. */
function differencesIn(askings: readonly Asking[]): string[] {
  const said = askings.flatMap(({ ending, operation, answer, isContrary }) =>
    answer.kind === 'ended' && !isContrary ? [{ ending, operation, ...answer.body }] : [],
  );
  const exact = said.filter(({ degraded }) => degraded === null);
  const states = new Set(exact.map(({ reservation }) => stateOf(reservation)));
  const differences = states.size > 1 ? [`it is ${[...states].join(' and ')}`] : [];
  for (const { ending, operation, reservation } of said) {
    const { state, committed } = reservation;
    if (ending.verb === 'release' && committed !== undefined) differences.push('a release has committed');
    if (ending.verb !== 'commit') continue;
    const namesAll = ending.body.amount !== undefined;
    const expected = committedOf(amountsOf(operation), ending.body);
    if (state !== 'committed') differences.push(`a commit has made it ${state}`);
    else if (namesAll && !isDeepStrictEqual(withoutZeros(committed), withoutZeros(expected)))
      differences.push(`committed ${JSON.stringify(expected)} as ${JSON.stringify(committed)}`);
  }
  return differences;
}

/** A meter of which nothing was taken need not be named. */
function withoutZeros(amounts: Amounts = {}): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([, units]) => units > 0));
}

function stateOf({ state, committed, late }: Ended['reservation']): string {
  return `${state}${late ? ', late,' : ''} ${JSON.stringify(committed ?? {})}`;
}

/**
 * The opposite of an ending that the store has answered is refused, and says how it ended: by its expiry where a node that the store did not
 * answer in time knows the id alone, and the expiry commits.
 */
function contrariesIn(askings: readonly Asking[]): string[] {
  const ended = askings.find(({ answer }) => answer.kind === 'ended');
  return askings.flatMap(({ ending, operation, answer, isContrary }) => {
    if (!isContrary) return [];
    if (answer.kind === 'failed' && answer.status >= 500) return [];
    if (answer.kind === 'unanswered' || (answer.kind === 'ended' && answer.body.degraded !== null)) return [];
    const expected = ended?.answer.kind === 'ended' ? ended.answer.body.reservation.state : undefined;
    const states = [
      expected,
      ...(expected === 'committed' && expiresCommitted(operation) ? ['expired'] : []),
    ];
    const isRefused =
      answer.kind === 'failed' && answer.code === 'reservation-ended' && states.includes(answer.state);
    const said = answer.kind === 'failed' ? `${answer.code} ${answer.state}` : answer.kind;
    return isRefused ? [] : [`a ${ending.verb} of what was ${expected} answered ${said}`];
  });
}

/** A refund is answered alike once it was done; but a store that has lost the operation does not know it until a node has replayed it. */
function refundsIn(askings: readonly Asking[], loss: Loss | undefined): string[] {
  const refunds = askings.filter(({ ending }) => ending.verb === 'refund');
  const first = refunds.findIndex(({ answer }) => answer.kind === 'refunded');
  const named = refunds.flatMap(({ answer }) =>
    answer.kind === 'refunded' && Object.keys(answer.body.amounts).length > 0 ? [answer.body.amounts] : [],
  );
  const isExcused = (refund: Asking) =>
    loss !== undefined && isUnknown(refund) && askings.slice(askings.indexOf(refund)).some(isOfTheKnown);
  const isForgotten =
    first >= 0 && refunds.slice(first).some((refund) => isRefused(refund) && !isExcused(refund));
  return [
    ...(isForgotten ? ['a refund that was done is refused'] : []),
    ...(named.some((amounts) => !isDeepStrictEqual(amounts, named[0]))
      ? ['refunds name different amounts']
      : []),
  ];
}
