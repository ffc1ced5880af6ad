import { decisionOf, errorOf, sum } from './books.js';
import type { Episode, Latency } from './episode.js';
import { MAX_AMOUNT } from './load.js';

/** What broke in an episode; all of it is 0 when nothing did. */
export interface Broken {
  /** Units allowed exactly above a max, beyond those that a store which had lost them was told again (I1). */
  readonly i1: number;
  /** Units by which the books are wrong, beyond those of operations that nodes said nobody can know about (I2). */
  readonly i2: number;
  /** Checks that got a 5xx, or nothing, from a node to which nothing was done (I5). */
  readonly i5: number;
  /** Checks decided without a Redis that was healthy, because of load (I16). */
  readonly i16: number;
}

/** What remains of an episode when its history is gone. */
export interface Finding extends Broken {
  readonly topology: string;
  readonly fault: string;
  /** Tries, at any node, and those of them that a policy decided. */
  readonly calls: number;
  readonly degraded: number;
  /** Tries that a node left undecided because it was killed, frozen or leaving. */
  readonly cutOff: number;
  readonly overByLocal: number;
  readonly latencies: readonly Latency[];
  readonly recoveredMs: number;
}

export function findingOf(topology: string, episode: Episode): Finding {
  const { fault, tellings, unanswered, verdict, latencies, recoveredMs } = episode;
  return {
    ...brokenIn(episode),
    topology,
    fault,
    calls: tellings.length,
    degraded: degradedIn(episode),
    cutOff: unanswered,
    overByLocal: verdict.unitsOverByLocal,
    latencies,
    recoveredMs,
  };
}

export function brokenIn(episode: Episode): Broken {
  const { verdict, failures, toldAgain, unverifiable } = episode;
  const overAdmitted = sum(verdict.overAdmitted, ({ exact, max }) => exact - max);
  return {
    i1: Math.max(0, overAdmitted - toldAgain * MAX_AMOUNT),
    i2: Math.max(0, sum(verdict.differences, errorOf) - unverifiable * MAX_AMOUNT),
    i5: failures.length,
    i16: episode.sparesRedis ? degradedByLoad(episode) : 0,
  };
}

/** Longer than a breaker that opened because of the proxies stays open. */
const AFTER_LATE_MS = 1_000;

/** Of those that a policy decided, the ones for which no delay of the proxies can be the reason. */
function degradedByLoad({ tellings, late }: Episode): number {
  return tellings.filter(
    (telling) =>
      decisionOf(telling)?.degraded && !late.within(telling.sentAt - AFTER_LATE_MS, telling.endedAt),
  ).length;
}

function degradedIn({ tellings }: Episode): number {
  return tellings.filter((telling) => decisionOf(telling)?.degraded).length;
}

export function isBroken({ i1, i2, i5, i16 }: Broken): boolean {
  return i1 + i2 + i5 + i16 > 0;
}
