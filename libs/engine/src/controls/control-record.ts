import { type Brake, brakeSchema, type Drill, drillSchema, type Gate, gateSchema } from '@sundial/contract';
import { validator } from '../requests/parse-request.js';

export type ControlKind = 'gate' | 'brake' | 'drill';

export type Control =
  | { readonly kind: 'gate'; readonly gate: Gate }
  | { readonly kind: 'brake'; readonly brake: Brake }
  | { readonly kind: 'drill'; readonly drill: Drill };

/**
 * What an operator did last about one gate, brake or drill. Nodes that could not hear of each other may have different records
 * of one key: of two the later one holds, on every node.
 */
export interface ControlRecord {
  /** `<kind>:<resource or id>`; `gate:` alone is the gate for all. */
  readonly key: string;
  /** When it was written, epoch milliseconds: later than all that its node knew then. */
  readonly at: number;
  /** The node that wrote it: of two records of one instant the one of the greater name holds. */
  readonly node: string;
  /** From then on it says nothing any more; `Infinity` where it has no end. */
  readonly endsAt: number;
  /** Null: it was taken away. */
  readonly control: Control | null;
}

/** How long a record is kept after its end, so that no older one comes back from a node that was cut off meanwhile. */
export const KEEP_ENDED_MS = 30 * 24 * 60 * 60_000;
/** Of `Date`. */
const MAX_INSTANT = 8.64e15;
/** Records at most, ended ones included: those go first. */
export const MAX_CONTROL_RECORDS = 4_096;

export function keyOf(kind: ControlKind, name: string | null): string {
  return `${kind}:${name ?? ''}`;
}

export function isLater(record: ControlRecord, than: ControlRecord | undefined): boolean {
  if (than === undefined) return true;
  return record.at === than.at ? record.node > than.node : record.at > than.at;
}

/** In one text, for stores and files: `<at>:<ends at, 0 for never>:<node>:<JSON, nothing where it was taken away>`. */
export function encodeRecord({ at, node, endsAt, control }: ControlRecord): string {
  return `${at}:${endsAt === Infinity ? 0 : endsAt}:${node}:${control === null ? '' : JSON.stringify(valueOf(control))}`;
}

/** @throws Error that says why this version cannot read it. */
export function decodeRecord(key: string, text: string): ControlRecord {
  const match = /^(\d{1,16}):(\d{1,16}):([^:]{1,64}):(.*)$/s.exec(text);
  const [, at, ends, node, json] = (match ?? []) as unknown as readonly string[];
  // A later one could not be written after the end of time.
  if (at === undefined || node === undefined || json === undefined || Number(at) > MAX_INSTANT)
    throw new Error(`The record of ${key} is none of this version.`);
  const control = json === '' ? null : controlOf(key, JSON.parse(json));
  return { key, at: Number(at), node, endsAt: ends === '0' ? Infinity : Number(ends), control };
}

function valueOf(control: Control): Gate | Brake | Drill {
  switch (control.kind) {
    case 'gate':
      return control.gate;
    case 'brake':
      return control.brake;
    case 'drill':
      return control.drill;
    default:
      return control satisfies never;
  }
}

const errorsIn = {
  gate: validator(gateSchema),
  brake: validator(brakeSchema),
  drill: validator(drillSchema),
};

function controlOf(key: string, value: unknown): Control {
  const kind = key.slice(0, key.indexOf(':'));
  if (kind !== 'gate' && kind !== 'brake' && kind !== 'drill') throw new Error(`${key} is no control.`);
  const [error] = errorsIn[kind](value);
  if (error) throw new Error(`The ${kind} ${key} cannot be used here: ${error.path} ${error.message}.`);
  return { kind, [kind]: value } as unknown as Control;
}
