import type { QuotaObserver } from '@sundial/engine';

/** Tells each of them, in order. The type makes it complete: what is not passed on here would be lost on all. */
export function observers(...all: readonly QuotaObserver[]): Required<QuotaObserver> {
  return {
    decided: (request, decision, elapsedMs) => {
      for (const observer of all) observer.decided?.(request, decision, elapsedMs);
    },
    shed: (checks) => {
      for (const observer of all) observer.shed?.(checks);
    },
    modeChanged: (mode, cause) => {
      for (const observer of all) observer.modeChanged?.(mode, cause);
    },
    conditionChanged: (condition, holds) => {
      for (const observer of all) observer.conditionChanged?.(condition, holds);
    },
    keyBroken: (broken) => {
      for (const observer of all) observer.keyBroken?.(broken);
    },
    journalOverflowed: (operations) => {
      for (const observer of all) observer.journalOverflowed?.(operations);
    },
    unverifiable: (span) => {
      for (const observer of all) observer.unverifiable?.(span);
    },
    overAdmitted: (limit) => {
      for (const observer of all) observer.overAdmitted?.(limit);
    },
  };
}
