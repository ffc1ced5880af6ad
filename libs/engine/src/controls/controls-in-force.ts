import type { Brake, CheckRequest, DecisionGate, Drill, Gate, Subject } from '@sundial/contract';
import { valuesOf } from '../operations/scope.js';
import type { ControlRecord } from './control-record.js';

export interface GateInForce {
  readonly gate: Gate;
  readonly at: number;
  readonly endsAt: number;
  /** As decisions show it; absent where it is normal. */
  readonly shown: DecisionGate | undefined;
}

export interface BrakeInForce {
  readonly brake: Brake;
  readonly endsAt: number;
}

export interface DrillInForce {
  readonly drill: Drill;
  readonly endsAt: number;
}

type Asked = Pick<CheckRequest, 'resource' | 'subject'>;

/** What operators have set, so that a check finds at once what concerns it. Made again with each change. */
export class ControlsInForce {
  readonly #gateOfAll: GateInForce | undefined;
  readonly #gates = new Map<string, GateInForce>();
  readonly #brakes = new Map<string, BrakesOfResource>();
  readonly #drills = new Map<string, DrillInForce>();

  private constructor(records: readonly ControlRecord[]) {
    let gateOfAll: GateInForce | undefined;
    for (const { control, at, endsAt } of records) {
      switch (control?.kind) {
        case 'gate': {
          const inForce = { gate: control.gate, at, endsAt, shown: shownOf(control.gate) };
          if (control.gate.resource === null) gateOfAll = inForce;
          else this.#gates.set(control.gate.resource, inForce);
          break;
        }
        case 'brake':
          this.#brakesOf(control.brake.resource).add({ brake: control.brake, endsAt });
          break;
        case 'drill':
          this.#drills.set(control.drill.resource, { drill: control.drill, endsAt });
          break;
        case undefined:
          break;
        default:
          control satisfies never;
      }
    }
    this.#gateOfAll = gateOfAll;
  }

  /** Undefined where there is nothing to look for. */
  static of(records: Iterable<ControlRecord>, now: number): ControlsInForce | undefined {
    const live = [...records].filter(({ control, endsAt }) => control !== null && now < endsAt);
    return live.length === 0 ? undefined : new ControlsInForce(live);
  }

  /** The open or closed gate that a resource is under: its own, else the one for all. */
  gateOf(resource: string, now: number): GateInForce | undefined {
    const forAll = isLive(this.#gateOfAll, now) ? this.#gateOfAll : undefined;
    const own = this.#gates.get(resource);
    if (!isLive(own, now)) return forAll;
    // An exemption is from the gate for all that was there, not from one that is set later.
    if (own.shown === undefined) return forAll !== undefined && forAll.at > own.at ? forAll : undefined;
    return own;
  }

  /** Of the brakes that match, the strictest. */
  brakeOf({ resource, subject }: Asked, now: number): BrakeInForce | undefined {
    return this.#brakes.get(resource)?.strictestOf(subject, now);
  }

  drillOf(resource: string, now: number): DrillInForce | undefined {
    const drill = this.#drills.get(resource);
    return isLive(drill, now) ? drill : undefined;
  }

  #brakesOf(resource: string): BrakesOfResource {
    let brakes = this.#brakes.get(resource);
    if (brakes === undefined) this.#brakes.set(resource, (brakes = new BrakesOfResource()));
    return brakes;
  }
}

/** Brakes whose subjects have the same attributes, by their values. */
interface BrakeGroup {
  readonly attributes: readonly string[];
  readonly byValues: Map<string, BrakeInForce>;
}

/** However many subjects are braked, a look-up costs one step for each different list of attributes. */
class BrakesOfResource {
  readonly #groups = new Map<string, BrakeGroup>();

  add(inForce: BrakeInForce): void {
    const { subject = {} } = inForce.brake;
    const attributes = Object.keys(subject).sort();
    const name = attributes.join(' ');
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, (group = { attributes, byValues: new Map() }));
    group.byValues.set(valuesOf(attributes, subject), inForce);
  }

  strictestOf(subject: Subject, now: number): BrakeInForce | undefined {
    let strictest: BrakeInForce | undefined;
    for (const { attributes, byValues } of this.#groups.values()) {
      if (!attributes.every((name) => Object.hasOwn(subject, name))) continue;
      const found = byValues.get(valuesOf(attributes, subject));
      if (!isLive(found, now)) continue;
      if (strictest === undefined || found.brake.percent > strictest.brake.percent) strictest = found;
    }
    return strictest;
  }
}

function isLive<T extends { readonly endsAt: number }>(inForce: T | undefined, now: number): inForce is T {
  return inForce !== undefined && now < inForce.endsAt;
}

function shownOf({ gate, until }: Gate): DecisionGate | undefined {
  return gate === 'normal' ? undefined : { state: gate, until: until ?? null };
}
