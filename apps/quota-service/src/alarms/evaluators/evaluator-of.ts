import type { UnverifiableSpan } from '@sundial/engine';
import type { AlarmPattern } from '../patterns/alarm-pattern.js';
import { Consecutive } from './consecutive.js';
import { ErrorRate } from './error-rate.js';
import type { Evaluator, Evidence } from './evaluator.js';
import { ClockOffset, DegradedMode, isUnfit, StoreConditions, UnwritableFile } from './node-state.js';
import { Sightings } from './sightings.js';
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
      return new Sightings((signal) => (signal.kind === 'over-admitted' ? { ...signal.counter } : undefined));
    case 'journal-overflow':
      return new Sightings((signal) =>
        signal.kind === 'journal-overflowed' ? { operations: signal.operations } : undefined,
      );
    case 'clock-offset':
      return new ClockOffset(pattern);
    case 'unfit-store':
      return new StoreConditions(isUnfit);
    case 'full-store':
      return new StoreConditions(({ condition }) => condition === 'capacity');
    case 'unwritable-file':
      return new UnwritableFile();
    case 'foreign-key':
      return new Sightings((signal) => (signal.kind === 'key-broken' ? { ...signal.key } : undefined));
    case 'unverifiable':
      return new Sightings((signal) => (signal.kind === 'unverifiable' ? timesOf(signal.span) : undefined));
    default:
      return pattern satisfies never;
  }
}

function timesOf({ from, to, reason, operations }: UnverifiableSpan): Evidence {
  return { reason, operations, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
