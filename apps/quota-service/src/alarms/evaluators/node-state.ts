import type { StoreFinding } from '@sundial/engine';
import type { AlarmSignal } from './alarm-signal.js';
import type { ClockOffsetTerms, ControlTerms } from '../patterns/alarm-pattern.js';
import type { Evaluator, Evidence } from './evaluator.js';

/** Holds while the store cannot be asked. */
export class DegradedMode implements Evaluator {
  #cause: string | undefined;

  note(signal: AlarmSignal): void {
    if (signal.kind !== 'mode-changed') return;
    this.#cause = signal.mode === 'degraded' ? (signal.cause ?? 'unknown') : undefined;
  }

  holds(): boolean {
    return this.#cause !== undefined;
  }

  evidence(): Evidence {
    return { cause: this.#cause ?? 'unknown' };
  }
}

/** Holds while the clock of the store, as read last, is more than `offsetMs` before or behind this node's. */
export class ClockOffset implements Evaluator {
  #offsetMs = 0;

  constructor(private readonly terms: Readonly<ClockOffsetTerms>) {}

  note(signal: AlarmSignal): void {
    if (signal.kind === 'clock-read') this.#offsetMs = signal.offsetMs;
  }

  holds(): boolean {
    return Math.abs(this.#offsetMs) > this.terms.offsetMs;
  }

  evidence(): Evidence {
    return { offsetMs: this.#offsetMs };
  }
}

/** A start would be refused for it, or nodes on this store do not know each other's operation ids. */
export function isUnfit({ finding, severity }: StoreFinding): boolean {
  return severity === 'refuse' || finding === 'secret';
}

/** Holds while there is such a finding about the store, or a server of it. */
export class StoreFindings implements Evaluator {
  readonly #findings = new Map<string, StoreFinding>();

  constructor(private readonly isMeant: (finding: StoreFinding) => boolean) {}

  note(signal: AlarmSignal): void {
    if (signal.kind !== 'finding-changed' || !this.isMeant(signal.finding)) return;
    const { finding, server } = signal.finding;
    const key = `${finding} ${server}`;
    if (signal.holds) this.#findings.set(key, signal.finding);
    else this.#findings.delete(key);
  }

  holds(): boolean {
    return this.#findings.size > 0;
  }

  evidence(): Evidence {
    const found = [...this.#findings.values()];
    return {
      conditions: found.map(({ finding }) => finding),
      findings: found.map(({ server, sentence }) => (server === null ? sentence : `${server}: ${sentence}`)),
    };
  }
}

/** Holds while a file of the node cannot be written. */
export class UnwritableFile implements Evaluator {
  readonly #sentences = new Map<string, string>();

  note(signal: AlarmSignal): void {
    if (signal.kind !== 'file-finding-changed' || signal.finding.finding !== 'unwritable') return;
    const { file, sentence } = signal.finding;
    if (signal.holds) this.#sentences.set(file, sentence);
    else this.#sentences.delete(file);
  }

  holds(): boolean {
    return this.#sentences.size > 0;
  }

  evidence(): Evidence {
    return { files: [...this.#sentences.keys()], findings: [...this.#sentences.values()] };
  }
}

/** Holds while there is a gate in force, or a brake, or a drill. */
export class ControlInForce implements Evaluator {
  readonly #sentences = new Map<string, string>();

  constructor(private readonly terms: Readonly<ControlTerms>) {}

  note(signal: AlarmSignal): void {
    if (signal.kind !== 'control-changed' || signal.control.kind !== this.terms.control) return;
    const { key, sentence } = signal.control;
    if (signal.holds) this.#sentences.set(key, sentence);
    else this.#sentences.delete(key);
  }

  holds(): boolean {
    return this.#sentences.size > 0;
  }

  evidence(): Evidence {
    return { inForce: [...this.#sentences.values()] };
  }
}
