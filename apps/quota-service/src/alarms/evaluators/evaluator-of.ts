import type { UncertainInterval } from '@sundial/engine';
import type { AlarmPattern } from '../patterns/alarm-pattern.js';
import { Consecutive } from './consecutive.js';
import { ErrorRate } from './error-rate.js';
import type { Evaluator, Evidence } from './evaluator.js';
import {
  ClockOffset,
  ControlInForce,
  DegradedMode,
  isUnfit,
  StoreFindings,
  UnwritableFile,
} from './node-state.js';
import { Occurrences } from './occurrences.js';
import { Spread } from './spread.js';
import { Sustained } from './sustained.js';

/** A fresh memory for a pattern. */
export function evaluatorOf(pattern: AlarmPattern): Evaluator {
  switch (pattern.kind) {
    case 'consecutive':
      return new Consecutive(pattern);
    case 'sustained':
      return new Sustained(pattern);
    case 'spread':
      return new Spread(pattern);
    case 'error-rate':
      return new ErrorRate(pattern);
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

function timesOf({ from, to, reason, operations }: UncertainInterval): Evidence {
  return { reason, operations, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
