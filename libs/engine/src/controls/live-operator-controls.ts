import { hash } from 'node:crypto';
import {
  type Brake,
  type BrakeInput,
  type ControlActor,
  type ControlWritten,
  type Drill,
  type DrillInput,
  type Gate,
  type GateInput,
  MAX_BRAKES,
  MAX_DRILLS,
  MAX_GATES,
  type OperatorControls,
  QuotaError,
  said,
  type Subject,
} from '@sundial/contract';
import { valuesOf } from '../operations/scope.js';
import { wellFormed } from '../operations/secret.js';
import type { ControlKeeper } from './control-keeper.js';
import { type Control, type ControlKind, type ControlRecord, keyOf } from './control-record.js';
import type { LiveControls } from './live-controls.js';
import { assertResource, endOf, parseBrake, parseDrill, parseGate } from './parse-controls.js';

/** Of a brake's id: 96 bits. */
const ID_LENGTH = 16;
const MAX: Readonly<Record<ControlKind, number>> = { gate: MAX_GATES, brake: MAX_BRAKES, drill: MAX_DRILLS };

/** The operators' side of this node's controls: what they write is in force here at once, and then goes to the others. */
export class LiveOperatorControls implements OperatorControls {
  readonly #live: LiveControls;
  readonly #keeper: ControlKeeper;

  constructor(live: LiveControls, keeper: ControlKeeper) {
    this.#live = live;
    this.#keeper = keeper;
  }

  gates(): readonly Gate[] {
    const forAll = this.#live.get(keyOf('gate', null));
    const gates = this.#all('gate').flatMap(({ control, at }) => {
      const gate = control?.kind === 'gate' ? control.gate : undefined;
      const isShown = gate?.gate !== 'normal' || (forAll !== undefined && forAll.at < at);
      return gate && isShown ? [gate] : [];
    });
    return gates.sort((a, b) => order(a.resource ?? '', b.resource ?? ''));
  }

  async setGate(
    resource: string | null,
    input: GateInput,
    by?: ControlActor,
  ): Promise<ControlWritten & { readonly gate: Gate }> {
    if (resource !== null) assertResource(resource);
    const { at, ...set } = this.#set(by);
    const gate: Gate = { resource, ...parseGate(input, this.#live.now()), ...set };
    const key = keyOf('gate', resource);
    // Where there is no gate to be exempt from, it only takes its own away.
    const isAway =
      gate.gate === 'normal' && (resource === null || this.#live.get(keyOf('gate', null)) === undefined);
    const control: Control | null = isAway ? null : { kind: 'gate', gate };
    const endsAt = isAway ? at : endOf(gate.until);
    return { gate, ...(await this.#write({ key, at, endsAt, control }, 'gate')) };
  }

  brakes(): readonly Brake[] {
    const brakes = this.#all('brake').flatMap(({ control }) =>
      control?.kind === 'brake' ? [control.brake] : [],
    );
    return brakes.sort((a, b) => order(a.resource, b.resource) || order(a.id, b.id));
  }

  async setBrake(input: BrakeInput, by?: ControlActor): Promise<ControlWritten & { readonly brake: Brake }> {
    const parsed = parseBrake(input, this.#live.now());
    const { at, ...set } = this.#set(by);
    const id = brakeId(parsed.resource, parsed.subject);
    const brake: Brake = { id, ...parsed, ...set };
    const control: Control = { kind: 'brake', brake };
    const record = { key: keyOf('brake', id), at, endsAt: endOf(brake.until), control };
    return { brake, ...(await this.#write(record, 'brake')) };
  }

  async removeBrake(id: string, _by?: ControlActor): Promise<ControlWritten & { readonly brake: Brake }> {
    const key = keyOf('brake', id);
    const control = this.#live.get(key)?.control;
    if (control?.kind !== 'brake')
      throw new QuotaError(
        'brake-not-found',
        `There is no brake ${JSON.stringify(id.slice(0, 64))}, or it has ended.`,
      );
    return { brake: control.brake, ...(await this.#remove(key, 'brake')) };
  }

  drills(): readonly Drill[] {
    const drills = this.#all('drill').flatMap(({ control }) =>
      control?.kind === 'drill' ? [control.drill] : [],
    );
    return drills.sort((a, b) => order(a.resource, b.resource));
  }

  async setDrill(
    resource: string,
    input: DrillInput,
    by?: ControlActor,
  ): Promise<ControlWritten & { readonly drill: Drill }> {
    assertResource(resource);
    const { at, ...set } = this.#set(by);
    const drill: Drill = { resource, ...parseDrill(input, this.#live.now()), ...set };
    const control: Control = { kind: 'drill', drill };
    const record = { key: keyOf('drill', resource), at, endsAt: endOf(drill.until), control };
    return { drill, ...(await this.#write(record, 'drill')) };
  }

  async removeDrill(
    resource: string,
    _by?: ControlActor,
  ): Promise<ControlWritten & { readonly drill: Drill }> {
    const key = keyOf('drill', resource);
    const control = this.#live.get(key)?.control;
    if (control?.kind !== 'drill') {
      const detail = `There is no drill of ${JSON.stringify(resource.slice(0, 128))}, or it has ended.`;
      throw new QuotaError('drill-not-found', detail);
    }
    return { drill: control.drill, ...(await this.#remove(key, 'drill')) };
  }

  isOpen(resource: string): boolean {
    return this.#live.inForce?.gateOf(resource, this.#live.now())?.gate.gate === 'open';
  }

  #all(kind: ControlKind): readonly ControlRecord[] {
    return this.#live.all().filter(({ control }) => control?.kind === kind);
  }

  #set({ actor }: ControlActor = {}): { at: number; setAt: string; setBy?: string } {
    const at = this.#live.stamp();
    return { at, setAt: new Date(at).toISOString(), ...(actor !== undefined && { setBy: actor }) };
  }

  #remove(key: string, kind: ControlKind): Promise<ControlWritten> {
    const at = this.#live.stamp();
    return this.#write({ key, at, endsAt: at, control: null }, kind);
  }

  #write(unsigned: Unsigned, kind: ControlKind): Promise<ControlWritten> {
    const record = { ...unsigned, node: this.#keeper.node };
    const isNew = record.control !== null && this.#live.get(record.key) === undefined;
    if (isNew && this.#all(kind).length >= MAX[kind]) {
      const fault = said('controls-full', { count: MAX[kind], kind });
      throw QuotaError.invalid('invalid-request', [{ path: '', ...fault }]);
    }
    this.#live.merge([record]);
    return this.#keeper.keep(record);
  }
}

type Unsigned = Omit<ControlRecord, 'node'>;

/** Of the same resource and subject the same, so that two nodes that cannot hear of each other set one brake. */
function brakeId(resource: string, subject: Subject | undefined): string {
  const attributes = Object.keys(subject ?? {}).sort();
  const text = `${resource} ${attributes.length} ${attributes.join(' ')} ${subject ? valuesOf(attributes, subject) : ''}`;
  return hash('sha256', wellFormed(text), 'base64url').slice(0, ID_LENGTH);
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
