import type { QuotaObserver } from '@sundial/engine';

/**
 * Calls each of them, in order. The type makes it complete: an event that is not passed on here would reach none of
 * them.
 */
export function observers(...all: readonly QuotaObserver[]): Required<QuotaObserver> {
  return { ...ofOperations(all), ...ofNode(all) };
}

type OfOperations = Pick<
  Required<QuotaObserver>,
  'decided' | 'extended' | 'ended' | 'refunded' | 'returned' | 'receiptIssued' | 'settled' | 'reported'
>;

/** What becomes of single operations. */
function ofOperations(all: readonly QuotaObserver[]): OfOperations {
  return {
    decided: (request, decision, elapsedMs, caller) => {
      for (const observer of all) observer.decided?.(request, decision, elapsedMs, caller);
    },
    extended: (request, decision, elapsedMs, caller) => {
      for (const observer of all) observer.extended?.(request, decision, elapsedMs, caller);
    },
    ended: (ending, answer, elapsedMs, caller) => {
      for (const observer of all) observer.ended?.(ending, answer, elapsedMs, caller);
    },
    refunded: (request, refunded, caller) => {
      for (const observer of all) observer.refunded?.(request, refunded, caller);
    },
    returned: (request, returned, caller) => {
      for (const observer of all) observer.returned?.(request, returned, caller);
    },
    receiptIssued: (request, decision, caller) => {
      for (const observer of all) observer.receiptIssued?.(request, decision, caller);
    },
    settled: (settlement) => {
      for (const observer of all) observer.settled?.(settlement);
    },
    reported: (tally, reports, caller) => {
      for (const observer of all) observer.reported?.(tally, reports, caller);
    },
  };
}

function ofNode(all: readonly QuotaObserver[]): Required<Omit<QuotaObserver, keyof OfOperations>> {
  return {
    shed: (checks) => {
      for (const observer of all) observer.shed?.(checks);
    },
    modeChanged: (mode, cause) => {
      for (const observer of all) observer.modeChanged?.(mode, cause);
    },
    findingChanged: (finding, holds) => {
      for (const observer of all) observer.findingChanged?.(finding, holds);
    },
    wrongTypeKey: (key) => {
      for (const observer of all) observer.wrongTypeKey?.(key);
    },
    journalOverflowed: (operations) => {
      for (const observer of all) observer.journalOverflowed?.(operations);
    },
    uncertain: (interval) => {
      for (const observer of all) observer.uncertain?.(interval);
    },
    controlChanged: (change) => {
      for (const observer of all) observer.controlChanged?.(change);
    },
    drilled: (resource, effect) => {
      for (const observer of all) observer.drilled?.(resource, effect);
    },
    overAdmitted: (limit) => {
      for (const observer of all) observer.overAdmitted?.(limit);
    },
    usageSettled: (usage) => {
      for (const observer of all) observer.usageSettled?.(usage);
    },
  };
}
