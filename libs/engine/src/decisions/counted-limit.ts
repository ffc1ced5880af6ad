import {
  UNITS_METER,
  type Decision,
  type Limit,
  type LimitSource,
  type LimitState,
  type RuleMode,
  type ScheduleState,
} from '@sundial/contract';
import type { PlannedLimit } from '../counters/rule-windows.js';
import { allowanceOf } from './allowance.js';
import type { LimitCount } from '../stores/counter-ref.js';
import type { Window } from '../windows/window.js';

/** A decision of this process: its limits know their windows' instants as numbers, too. */
export interface EngineDecision extends Decision {
  readonly limits: readonly CountedLimit[];
}

/**
 * The state of a limit as this process knows it. What leaves the process has instants as text, and so these are its
 * fields; `startsAtMs` and `resetsAtMs` are not, so no copy and no JSON of it has them.
 */
export class CountedLimit implements LimitState {
  readonly rule: string;
  readonly mode: Exclude<RuleMode, 'off'>;
  readonly window: Limit['window'];
  readonly meter: string;
  readonly timeZone: string;
  readonly max: number | null;
  readonly source: LimitSource;
  readonly used: number;
  readonly reserved: number;
  readonly remaining: number | null;
  readonly startsAt: string | null;
  readonly resetsAt: string | null;
  readonly exceeded: boolean;
  // Declared only: the state of a limit that has none of them has no such field.
  declare readonly schedule?: ScheduleState;
  declare readonly soft?: boolean;
  readonly #instants: Window;

  /** `exceeded` where `asked` more units do not fit. */
  constructor(count: LimitCount<PlannedLimit>, asked: number) {
    const { limit, windowIndex, used, reserved } = count;
    const { rule, definition, windows } = limit;
    const allowance = allowanceOf(count);
    const { window, meter = UNITS_METER } = definition;
    const { max, source } = allowance;
    const instants = windows[windowIndex];
    this.rule = rule.id;
    this.mode = rule.mode as CountedLimit['mode'];
    this.window = window;
    this.meter = meter;
    this.timeZone = instants.timeZone;
    this.max = max;
    this.source = source;
    this.used = used;
    this.reserved = reserved;
    this.remaining = remainingOf(max, used + reserved);
    this.startsAt = instants.startsAt;
    this.resetsAt = instants.resetsAt;
    this.exceeded = max !== null && used + reserved + asked > max;
    this.#instants = instants;
    if (allowance.schedule !== undefined) this.schedule = allowance.schedule;
    if (definition.soft === true) this.soft = true;
  }

  get startsAtMs(): number {
    return this.#instants.startsAtMs;
  }

  get resetsAtMs(): number {
    return this.#instants.resetsAtMs;
  }
}

function remainingOf(max: Limit['max'], taken: number): number | null {
  if (max === null) return null;
  return taken < max ? max - taken : 0;
}
