import type { QuotaObserver } from '@sundial/engine';

/** Tells each of them, in order. */
export function observers(...all: readonly Required<QuotaObserver>[]): QuotaObserver {
  return {
    decided: (request, decision, elapsedMs) => {
      for (const observer of all) observer.decided(request, decision, elapsedMs);
    },
    modeChanged: (mode, cause) => {
      for (const observer of all) observer.modeChanged(mode, cause);
    },
  };
}
