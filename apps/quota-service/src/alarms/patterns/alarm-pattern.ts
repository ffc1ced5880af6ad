import { IsIn, IsOptional, Matches, ValidateBy } from 'class-validator';
import { Integer } from '../../config/environment.decorators.js';

const ALARM_CLASSES = ['alarm', 'attention'] as const;
/** `alarm`: an operator has to act now. `attention`: an operator should look in working hours. */
export type AlarmClass = (typeof ALARM_CLASSES)[number];

/** Bounds of a pattern's numbers: they bound what every channel remembers, and for how long. */
const MAX_FAILURES = 1_000;
const MAX_CHANNELS = 100;
const MAX_MINUTES = 60;
const MIN_WITHIN_MS = 1_000;
const HOUR_MS = 3_600_000;
const MAX_WITHIN_MS = HOUR_MS;
const MAX_COUNT = 1_000_000_000;
const MAX_FACTOR = 1_000;

/** What every pattern says. */
export class PatternBase {
  /** Its name in logs, metrics and notifications. */
  @Matches(/^[a-z][a-z0-9-]{0,63}$/, {
    message: 'must be 1 to 64 small letters, digits and "-", a letter first',
  })
  id!: string;

  @IsIn(ALARM_CLASSES, { message: `must be one of: ${ALARM_CLASSES.join(', ')}` })
  class!: AlarmClass;

  /** The incident is over when the pattern has not held for this long, without a break. */
  @Integer(0, MAX_WITHIN_MS)
  clearAfterMs = 30_000;
}

/** `failures` in a row on one channel, the first and the last of them at most `withinMs` apart. */
export class ConsecutiveTerms {
  @Integer(2, MAX_FAILURES)
  failures!: number;

  @Integer(MIN_WITHIN_MS, MAX_WITHIN_MS)
  withinMs!: number;
}

/**
 * `failures` in each of `minutes` minutes in a row, of all channels together, over at least `channels` channels in all
 * these minutes. The last minute need not be over. Minutes may begin at any whole second, whichever way shows it.
 */
export class SustainedTerms {
  @Integer(1, MAX_FAILURES)
  failures!: number;

  @Integer(1, MAX_MINUTES)
  minutes!: number;

  @Integer(1, MAX_CHANNELS)
  channels!: number;
}

/** `failures` of all channels together within `withinMs`, over at least `channels` channels. */
export class SpreadTerms {
  @Integer(1, MAX_FAILURES)
  failures!: number;

  @Integer(MIN_WITHIN_MS, MAX_WITHIN_MS)
  withinMs!: number;

  @Integer(1, MAX_CHANNELS)
  channels!: number;
}

/** More than the share `rate` of at least `outcomes` outcomes of one channel failed within `withinMs`. */
export class ErrorRateTerms {
  @Share()
  rate!: number;

  @Integer(1, MAX_COUNT)
  outcomes!: number;

  @Integer(MIN_WITHIN_MS, MAX_WITHIN_MS)
  withinMs!: number;
}

/** More than the share `rate` of at least `decisions` decisions about one resource are refusals within `withinMs`. */
export class RefusalRateTerms {
  @Share()
  rate!: number;

  @Integer(1, MAX_COUNT)
  decisions!: number;

  @Integer(MIN_WITHIN_MS, MAX_WITHIN_MS)
  withinMs!: number;
}

/**
 * At least `decisions` decisions about one resource within `withinMs`; with a `factor` within an hour, and so many times as many
 * as in the same hour of yesterday.
 */
export class VolumeTerms {
  @Integer(1, MAX_COUNT)
  decisions!: number;

  @Integer(MIN_WITHIN_MS, MAX_WITHIN_MS)
  withinMs = HOUR_MS;

  @IsOptional()
  @Factor()
  factor?: number;
}

/** `holds` reservations of one resource expired within `withinMs`. */
class HoldsExpiredTerms {
  @Integer(1, MAX_COUNT)
  holds!: number;

  @Integer(MIN_WITHIN_MS, MAX_WITHIN_MS)
  withinMs!: number;
}

/** `refusals` requests were answered 401 or 403 for their key within `withinMs`. */
class RefusedKeysTerms {
  @Integer(1, MAX_COUNT)
  refusals!: number;

  @Integer(MIN_WITHIN_MS, MAX_WITHIN_MS)
  withinMs!: number;
}

/** The clocks of the store and of this node are more than `offsetMs` apart. */
export class ClockOffsetTerms {
  @Integer(1, MAX_WITHIN_MS)
  offsetMs!: number;
}

const CONTROL_KINDS = ['gate', 'brake', 'drill'] as const;

/** A gate is in force, or a brake, or a drill. */
export class ControlTerms {
  @IsIn(CONTROL_KINDS, { message: `must be one of: ${CONTROL_KINDS.join(', ')}` })
  control!: (typeof CONTROL_KINDS)[number];
}

/** For patterns that are a state or an event and need no number. */
class NoTerms {}

/**
 * Every kind of pattern: its own terms, and what it watches. Of scope `channel` each channel has an alarm of its own,
 * of scope `node` there is one for all.
 */
export const PATTERN_KINDS = {
  consecutive: { terms: ConsecutiveTerms, scope: 'channel' },
  sustained: { terms: SustainedTerms, scope: 'node' },
  spread: { terms: SpreadTerms, scope: 'node' },
  'error-rate': { terms: ErrorRateTerms, scope: 'channel' },
  'refusal-rate': { terms: RefusalRateTerms, scope: 'channel' },
  volume: { terms: VolumeTerms, scope: 'channel' },
  'holds-expired': { terms: HoldsExpiredTerms, scope: 'channel' },
  'refused-keys': { terms: RefusedKeysTerms, scope: 'node' },
  'ledger-mismatch': { terms: NoTerms, scope: 'node' },
  'degraded-mode': { terms: NoTerms, scope: 'node' },
  'over-admission': { terms: NoTerms, scope: 'channel' },
  'journal-overflow': { terms: NoTerms, scope: 'node' },
  'clock-offset': { terms: ClockOffsetTerms, scope: 'node' },
  'unfit-store': { terms: NoTerms, scope: 'node' },
  'full-store': { terms: NoTerms, scope: 'node' },
  'unwritable-file': { terms: NoTerms, scope: 'node' },
  'control-in-force': { terms: ControlTerms, scope: 'node' },
  'wrong-type-key': { terms: NoTerms, scope: 'channel' },
  'uncertain-interval': { terms: NoTerms, scope: 'node' },
} as const;

type Kinds = typeof PATTERN_KINDS;
export type PatternKind = keyof Kinds;

/** One entry of the alarms file. */
export type AlarmPattern = {
  [Kind in PatternKind]: Readonly<PatternBase & InstanceType<Kinds[Kind]['terms']>> & { readonly kind: Kind };
}[PatternKind];

const USE_KINDS = ['refusal-rate', 'volume', 'holds-expired', 'refused-keys', 'ledger-mismatch'] as const;

/** Those about what callers ask for, not about what fails. */
export type UsePattern = Extract<AlarmPattern, { readonly kind: (typeof USE_KINDS)[number] }>;

export function isAboutUse(pattern: AlarmPattern): pattern is UsePattern {
  return USE_KINDS.some((kind) => kind === pattern.kind);
}

function Factor(): PropertyDecorator {
  return ValidateBy({
    name: 'factor',
    validator: {
      validate: (value, context) =>
        typeof value === 'number' &&
        value > 1 &&
        value <= MAX_FACTOR &&
        (context?.object as VolumeTerms | undefined)?.withinMs === HOUR_MS,
      defaultMessage: () =>
        `must be a number above 1 and at most ${MAX_FACTOR}, of an hour (withinMs: ${HOUR_MS}, or none)`,
    },
  });
}

function Share(): PropertyDecorator {
  return ValidateBy({
    name: 'share',
    validator: {
      validate: (value) => typeof value === 'number' && value > 0 && value < 1,
      defaultMessage: () => 'must be a number above 0 and below 1',
    },
  });
}
