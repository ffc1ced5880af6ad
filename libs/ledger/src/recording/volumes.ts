import type { BlockReader } from '../blocks/block-reader.js';
import type { Shape } from '../blocks/shape.js';
import type { LedgerData, LedgerEvent } from '../contract/ledger-event.js';

/** What was decided about a resource in five minutes. A row of `ledger_volumes`. */
export interface ResourceVolume {
  readonly resource: string;
  /** Since the epoch. */
  readonly slice: number;
  decisions: number;
}

export const VOLUME_SLICE_MS = 300_000;
/** Yesterday is compared with, and no other day. */
export const VOLUME_DAYS = 3;
/** Decided without asking rules; an open gate asks them, and shows their limits. */
const WITHOUT_RULES: ReadonlySet<unknown> = new Set(['no-rule', 'gate-closed', 'braked']);

/** Counts decisions by resource and time, as the alarms count them: what asked no rules, and repetitions, left out. */
export class Volumes {
  #slice = -1;
  /** Of the current slice; most records of a batch are of the same one. */
  #ofShape = new Map<Shape, ResourceVolume | undefined>();
  #volumes = new Map<string, ResourceVolume>();

  add({ kind, resource, at, count = 1, data }: LedgerEvent): void {
    if (resource !== undefined && isDecided(kind, data, data?.limits?.length))
      this.#of(resource, sliceOf(at)).decisions += count;
  }

  addRecord({ at }: BlockReader, shape: Shape): void {
    const slice = sliceOf(at);
    if (slice !== this.#slice) {
      this.#slice = slice;
      this.#ofShape.clear();
    }
    let volume = this.#ofShape.get(shape);
    if (volume === undefined && !this.#ofShape.has(shape)) {
      const { kind, resource, constants = [], limits } = shape;
      const data: LedgerData = Object.fromEntries(constants.map(({ name, value }) => [name, value]));
      volume = isDecided(kind, data, limits?.length) ? this.#of(resource, slice) : undefined;
      this.#ofShape.set(shape, volume);
    }
    if (volume) volume.decisions += 1;
  }

  take(): readonly ResourceVolume[] {
    const volumes = [...this.#volumes.values()];
    this.#volumes = new Map();
    this.#ofShape.clear();
    return volumes;
  }

  #of(resource: string, slice: number): ResourceVolume {
    const key = `${slice} ${resource}`;
    let volume = this.#volumes.get(key);
    if (!volume) this.#volumes.set(key, (volume = { resource, slice, decisions: 0 }));
    return volume;
  }
}

function sliceOf(at: number): number {
  return Math.floor(at / VOLUME_SLICE_MS);
}

function isDecided(kind: string, data: LedgerData = {}, limits = 0): boolean {
  if ((kind !== 'check' && kind !== 'reserve') || data.replayed) return false;
  if (data.degraded) return true;
  return !WITHOUT_RULES.has(data.reason) && (data.reason !== 'gate-open' || limits > 0);
}
