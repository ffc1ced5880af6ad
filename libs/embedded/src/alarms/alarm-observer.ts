import type { DegradedCause, QuotaAlarm, QuotaAlarmName } from '@sundial/contract';
import type {
  ControlChange,
  WrongTypeKey,
  OverAdmitted,
  QuotaObserver,
  StoreFinding,
  StoreMode,
  UncertainInterval,
} from '@sundial/engine';
import type { FileFinding } from '../findings/file-findings.js';

/** What happens again and again is one alarm of its name in so much time. */
const QUIET_MS = 60_000;

type Noted = Omit<QuotaAlarm, 'state'>;

/** Makes alarms of what an engine and its files report: a few, and none on the path of a check that the store decides. */
export class AlarmObserver implements QuotaObserver {
  readonly #onAlarm: (alarm: QuotaAlarm) => void;
  readonly #now: () => number;
  /** Gates, brakes and drills that are in force. */
  readonly #controls = new Set<string>();
  readonly #quiet = new Map<QuotaAlarmName, { until: number; held: number }>();

  /** @param now A monotonic clock in milliseconds. */
  constructor(onAlarm: (alarm: QuotaAlarm) => void, now: () => number = () => performance.now()) {
    this.#onAlarm = onAlarm;
    this.#now = now;
  }

  modeChanged(mode: StoreMode, cause: DegradedCause | null): void {
    if (mode === 'degraded') {
      const message =
        "The store cannot be asked: the rules' degrade policies decide, and what they allow is counted when it is back. Look at Redis and the way there.";
      this.#emit({ name: 'degraded', state: 'raised', severity: 'warn', message, details: { cause } });
    } else {
      const message = 'The store decides again.';
      this.#emit({ name: 'degraded', state: 'cleared', severity: 'info', message, details: {} });
    }
  }

  findingChanged({ sentence, severity, ...details }: StoreFinding, holds: boolean): void {
    this.#emit(
      holds
        ? {
            name: 'store-condition',
            state: 'raised',
            severity: severity === 'refuse' ? 'error' : 'warn',
            message: sentence,
            details,
          }
        : {
            name: 'store-condition',
            state: 'cleared',
            severity: 'info',
            message: `No longer: ${sentence}`,
            details,
          },
    );
  }

  fileFindingChanged({ sentence, severity: _, ...details }: FileFinding, holds: boolean): void {
    const message = holds ? sentence : `The ${details.file} can be written again, and nothing is missing.`;
    const state = holds ? 'raised' : 'cleared';
    this.#emit({ name: 'file-condition', state, severity: holds ? 'error' : 'info', message, details });
  }

  controlChanged({ kind: name, key, change, sentence, resource, until, reason, actor }: ControlChange): void {
    const details = Object.fromEntries(
      Object.entries({ resource, until, reason, actor }).filter(([, value]) => value !== undefined),
    );
    const isRaised = this.#controls.has(key);
    if (change === 'set') {
      this.#controls.add(key);
      this.#emit({ name, state: 'raised', severity: 'warn', message: sentence, details });
    } else if (isRaised) {
      this.#controls.delete(key);
      this.#emit({ name, state: 'cleared', severity: 'info', message: `No longer: ${sentence}`, details });
    }
  }

  rulesNotUpdated({ message: reason }: Error): void {
    const message = `The rules could not be brought up to date (${reason}); those in force stay, and the node tries again each second.`;
    this.#note({ name: 'rules-not-updated', severity: 'error', message, details: {} });
  }

  wrongTypeKey({ resource, rules, checks }: WrongTypeKey): void {
    const message = `A key of ${resource} holds what Sundial did not write: its rules' degrade policies decide. Find out who else writes into this Redis, and delete the key (docs/redis.md).`;
    this.#note({ name: 'wrong-type-key', severity: 'error', message, details: { resource, rules, checks } });
  }

  journalOverflowed(operations: number): void {
    const message =
      'The journal of decisions without the store is full: further ones are kept as sums while there is room, then policy local refuses, and what policy allow passes is never counted. Bring Redis back.';
    this.#note({ name: 'journal-full', severity: 'error', message, details: { operations } });
  }

  uncertain({ from, to, reason, operations }: UncertainInterval): void {
    const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    const message = `Counters of ${times.from} to ${times.to} may be wrong, and it cannot be known which (${reason}).`;
    this.#note({
      name: 'uncertain-interval',
      severity: 'error',
      message,
      details: { ...times, reason, operations },
    });
  }

  overAdmitted({ resource, rule, window, meter, used, max }: OverAdmitted): void {
    const message = `A counter of ${rule} (window ${window}) stands at ${used} of ${max} ${meter}: more was allowed while the store, or a service, was away than the rule says.`;
    const details = { resource, rule, window, meter, used, max };
    this.#note({ name: 'over-admission', severity: 'warn', message, details });
  }

  shed(checks: number): void {
    const message = `${checks} checks of batches were given up, and not counted: this node has more than it can decide in time. Send fewer at once, or add nodes.`;
    this.#note({ name: 'checks-shed', severity: 'warn', message, details: { checks } });
  }

  #note(noted: Noted): void {
    const now = this.#now();
    const quiet = this.#quiet.get(noted.name);
    if (quiet && now < quiet.until) {
      quiet.held++;
      return;
    }
    const before = quiet?.held ?? 0;
    this.#quiet.set(noted.name, { until: now + QUIET_MS, held: 0 });
    this.#emit({
      ...noted,
      state: 'noted',
      details: before > 0 ? { ...noted.details, before } : noted.details,
    });
  }

  /** Events are reported on the path of checks: a listener that throws must not fail one. */
  #emit(alarm: QuotaAlarm): void {
    try {
      this.#onAlarm(alarm);
    } catch {
      // The program's own error, and there is no other way to report it.
    }
  }
}
