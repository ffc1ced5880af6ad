import type { Subject } from './request.js';
import type { OnDeny } from './rule.js';

/**
 * What operators set on resources while the service runs: gates, brakes and drills. They act before operation ids and rules, on
 * checks and reserves, without the store, and are in force on every node within a second; on the node that took the write at
 * once, also while the store is away. Where two nodes took different writes meanwhile, the later one holds.
 */

/** `open` passes all and counts it, also above `max`; `closed` refuses all; `normal`: the rules decide. */
export const GATE_STATES = ['normal', 'open', 'closed'] as const;
export type GateState = (typeof GATE_STATES)[number];

/** What an operator sets. */
export interface GateInput {
  readonly gate: GateState;
  /** ISO-8601 with offset, in the future. Absent: until it is changed. */
  readonly until?: string;
  /** For logs and the ledger, at most 256 characters. */
  readonly reason?: string;
  /** What a closed gate's refusals want to happen. */
  readonly onDeny?: OnDeny;
}

/**
 * A gate in force. A resource's own gate beats the one for all. `normal` is shown only while there is a gate for all: that resource
 * is exempt from it.
 */
export interface Gate extends GateInput {
  /** Null: every resource that has no gate of its own. */
  readonly resource: string | null;
  readonly setAt: string;
  /** The actor, where one is known. */
  readonly setBy?: string;
}

/** The gate that a decision was made under, so that clients know it while no service answers. */
export interface DecisionGate {
  readonly state: Exclude<GateState, 'normal'>;
  /** Null: until it is changed. */
  readonly until: string | null;
}

/** One for each resource and subject: another with the same ones takes its place. */
export interface BrakeInput {
  readonly resource: string;
  /** Who is turned down: every request whose subject has these attributes with these values. Absent: the whole resource. */
  readonly subject?: Subject;
  /** How many of the operations are turned away: an integer from 1 to 100. */
  readonly percent: number;
  /** ISO-8601 with offset, in the future. */
  readonly until: string;
  /** For logs and the ledger, at most 256 characters. */
  readonly reason?: string;
  /** What its refusals want to happen. */
  readonly onDeny?: OnDeny;
}

/**
 * A brake in force. Which operations it turns away is decided by a hash of the operation id, so a repetition is answered alike on
 * every node. Where several match, only the strictest is asked.
 */
export interface Brake extends BrakeInput {
  /** The same for the same resource and subject. */
  readonly id: string;
  readonly setAt: string;
  readonly setBy?: string;
}

/**
 * Which outage a drill rehearses. `client`: the connection is dropped without an answer. `service`: half of the calls are answered 500
 * (`drill-fault`), half not at all. `store`: decided as if the store did not answer. `both`: `client` and `store` by turns.
 */
export const DRILL_FAULTS = ['client', 'service', 'store', 'both'] as const;
export type DrillFault = (typeof DRILL_FAULTS)[number];

export interface DrillInput {
  readonly fault: DrillFault;
  /** How many of the operations see it: an integer from 1 to 100. */
  readonly percent: number;
  /** ISO-8601 with offset, in the future, at most an hour ahead. */
  readonly until: string;
  /** For logs and the ledger, at most 256 characters. */
  readonly reason?: string;
}

/** A drill that runs. Of a batch only the entries of its resource see it. */
export interface Drill extends DrillInput {
  readonly resource: string;
  readonly setAt: string;
  readonly setBy?: string;
}

/** What became of a write of a gate, a brake or a drill. It is in force on the node that took it in any case. */
export interface ControlWritten {
  /** How many nodes live, as far as this one knows, and how many of them had it in force within 2 s. */
  readonly nodes: { readonly live: number; readonly applied: number };
  /** False: the store is away; the other nodes hear of it when it is back. */
  readonly stored: boolean;
}

/** Who sets it, for logs, answers and the ledger. */
export interface ControlActor {
  readonly actor?: string;
}

/**
 * Gates, brakes and drills, as the program that has Sundial inside sets them: what `/admin/gates`, `/admin/brakes` and
 * `/admin/drills` are over HTTP. Reads answer what is in force on this node, without waiting.
 *
 * Writes never fail for an absent store. They throw a `QuotaError` `invalid-request` (bad input, or as many as there may be),
 * `brake-not-found` or `drill-not-found`.
 */
export interface OperatorControls {
  /** The one for all first, then in the order of their resources. */
  gates(): readonly Gate[];
  /** Of this resource, null: for all. `normal` takes its gate away, or exempts it from the one for all. */
  setGate(
    resource: string | null,
    gate: GateInput,
    by?: ControlActor,
  ): Promise<ControlWritten & { readonly gate: Gate }>;
  brakes(): readonly Brake[];
  setBrake(brake: BrakeInput, by?: ControlActor): Promise<ControlWritten & { readonly brake: Brake }>;
  removeBrake(id: string, by?: ControlActor): Promise<ControlWritten & { readonly brake: Brake }>;
  drills(): readonly Drill[];
  setDrill(
    resource: string,
    drill: DrillInput,
    by?: ControlActor,
  ): Promise<ControlWritten & { readonly drill: Drill }>;
  removeDrill(resource: string, by?: ControlActor): Promise<ControlWritten & { readonly drill: Drill }>;
  /** Whether everything of this resource passes: its own gate is open, or the one for all where it has none. */
  isOpen(resource: string): boolean;
}
