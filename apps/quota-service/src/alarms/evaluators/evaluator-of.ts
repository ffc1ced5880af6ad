import type { UncertainInterval } from '@sundial/engine';
import { isAboutUse, type AlarmPattern, type UsePattern } from '../patterns/alarm-pattern.js';
import type { LedgerMismatch } from './alarm-signal.js';
import { Consecutive } from './consecutive.js';
import type { Evaluator, Evidence } from './evaluator.js';
import {
  ClockOffset,
  ControlInForce,
  DegradedMode,
  isUnfit,
  StoreFindings,
  UnwritableFile,
} from './node-state.js';
import { NumberWithin } from './number-within.js';
import { Occurrences } from './occurrences.js';
import { errorRate, refusalRate } from './share.js';
import { Spread } from './spread.js';
import { Sustained } from './sustained.js';
import { Volume, VolumeOfYesterday } from './volume.js';

/** A fresh memory for a pattern, of one who notes everything since `beganAt`. */
export function evaluatorOf(pattern: AlarmPattern, beganAt: number): Evaluator {
  return isAboutUse(pattern) ? evaluatorOfUse(pattern, beganAt) : evaluatorOfTrouble(pattern);
}

function evaluatorOfTrouble(pattern: Exclude<AlarmPattern, UsePattern>): Evaluator {
  switch (pattern.kind) {
    case 'consecutive':
      return new Consecutive(pattern);
    case 'sustained':
      return new Sustained(pattern);
    case 'spread':
      return new Spread(pattern);
    case 'error-rate':
      return errorRate(pattern);
    case 'degraded-mode':
      return new DegradedMode();
    case 'over-admission':
      return new Occurrences((signal) =>
        signal.kind === 'over-admitted' ? { ...signal.counter } : undefined,
      );
    case 'journal-overflow':
      return new Occurrences((signal) =>
        signal.kind === 'journal-overflowed' ? { operations: signal.operations } : undefined,
      );
    case 'clock-offset':
      return new ClockOffset(pattern);
    case 'unfit-store':
      return new StoreFindings(isUnfit);
    case 'full-store':
      return new StoreFindings(({ finding }) => finding === 'capacity');
    case 'control-in-force':
      return new ControlInForce(pattern);
    case 'unwritable-file':
      return new UnwritableFile();
    case 'wrong-type-key':
      return new Occurrences((signal) => (signal.kind === 'wrong-type-key' ? { ...signal.key } : undefined));
    case 'uncertain-interval':
      return new Occurrences((signal) =>
        signal.kind === 'uncertain-interval' ? timesOf(signal.interval) : undefined,
      );
    default:
      return pattern satisfies never;
  }
}

/** Of patterns about what callers ask for, not about what fails. */
function evaluatorOfUse(pattern: UsePattern, beganAt: number): Evaluator {
  switch (pattern.kind) {
    case 'refusal-rate':
      return refusalRate(pattern);
    case 'volume': {
      const { factor } = pattern;
      return factor === undefined
        ? new Volume(pattern)
        : new VolumeOfYesterday({ ...pattern, factor }, beganAt);
    }
    case 'holds-expired':
      return new NumberWithin({
        least: pattern.holds,
        withinMs: pattern.withinMs,
        numberIn: (signal) => (signal.kind === 'holds-expired' ? signal.holds : 0),
        evidenceOf: (holds) => ({ holds }),
      });
    case 'refused-keys':
      return new NumberWithin({
        least: pattern.refusals,
        withinMs: pattern.withinMs,
        numberIn: (signal) => (signal.kind === 'keys-refused' ? signal.refusals : 0),
        evidenceOf: (refusals) => ({ refusals }),
      });
    case 'ledger-mismatch':
      return new Occurrences((signal) =>
        signal.kind === 'ledger-mismatched' ? mismatchOf(signal.mismatch) : undefined,
      );
    default:
      return pattern satisfies never;
  }
}

function mismatchOf(mismatch: LedgerMismatch): Evidence {
  if ('counted' in mismatch) {
    const { startsAt, operationId, ...difference } = mismatch;
    const operation = operationId === undefined ? {} : { operationId };
    return {
      cause: 'counter-differs',
      ...difference,
      ...operation,
      startsAt: new Date(startsAt).toISOString(),
    };
  }
  const { cause, events, from, to } = mismatch;
  return { cause, events, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

function timesOf({ from, to, reason, operations }: UncertainInterval): Evidence {
  return { reason, operations, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
