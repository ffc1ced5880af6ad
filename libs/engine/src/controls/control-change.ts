import type { ControlKind, ControlRecord } from './control-record.js';

/** A gate, a brake or a drill came into force on this node, or is not in force any more. */
export interface ControlChange {
  readonly kind: ControlKind;
  /** The same for the same gate, brake or drill. */
  readonly key: string;
  /** `set`: also where it was set otherwise before. `removed`: by an operator. `expired`: its time is over. */
  readonly change: 'set' | 'removed' | 'expired';
  /** When what is in force, or was, was written, epoch milliseconds: the same on every node. */
  readonly at: number;
  /** Null: the gate for all. */
  readonly resource: string | null;
  /** What is in force, or was. It names no subject. */
  readonly sentence: string;
  readonly until: string | undefined;
  readonly reason: string | undefined;
  readonly actor: string | undefined;
}

/** Of a record that has a control. */
export function changeOf(
  { key, at, control }: ControlRecord,
  change: ControlChange['change'],
): ControlChange {
  switch (control?.kind) {
    case 'gate': {
      const { resource, gate, until, reason, setBy } = control.gate;
      const of = resource === null ? 'all resources' : resource;
      // An exemption from the gate for all is no gate to alarm about.
      const isGate = gate !== 'normal';
      const sentence = isGate
        ? `The gate of ${of} is ${gate}${ending(until)}: ${gate === 'open' ? 'everything passes and is counted' : 'everything is refused'}.`
        : `${of} is exempt from the gate for all${ending(until)}.`;
      const kind = change === 'set' && !isGate ? 'removed' : change;
      return { kind: 'gate', key, at, change: kind, resource, sentence, until, reason, actor: setBy };
    }
    case 'brake': {
      const { resource, subject, percent, until, reason, setBy } = control.brake;
      const whom = subject === undefined ? resource : `one subject of ${resource}`;
      const sentence = `The brake of ${whom} turns ${percent} % away${ending(until)}.`;
      return { kind: 'brake', key, at, change, resource, sentence, until, reason, actor: setBy };
    }
    case 'drill': {
      const { resource, fault, percent, until, reason, setBy } = control.drill;
      const sentence = `A drill makes ${percent} % of ${resource} see the outage "${fault}"${ending(until)}.`;
      return { kind: 'drill', key, at, change, resource, sentence, until, reason, actor: setBy };
    }
    case undefined:
      throw new Error(`${key} was taken away`);
    default:
      return control satisfies never;
  }
}

function ending(until: string | undefined): string {
  return until === undefined ? '' : ` until ${until}`;
}
