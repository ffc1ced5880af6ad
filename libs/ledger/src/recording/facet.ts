import type { LedgerEvent } from '../contract/ledger-event.js';
import type { Shape } from '../blocks/shape.js';
import { hashOf } from '../blocks/hash.js';

/** What lists of events are filtered by, without the subject and the time: few of them are many events. */
export interface Facet {
  /** A hash of the rest, so that all nodes give it the same. */
  readonly id: number;
  readonly kind: string;
  readonly outcome: string;
  readonly reason: string;
  readonly degraded: number;
  readonly replayed: number;
  /** `OTHER_RESOURCE` once there are too many. */
  readonly resource: string;
  readonly node: string;
}

/** A character that no resource has. Events of this facet differ by what they say themselves. */
export const OTHER_RESOURCE = '*';
/** Callers may name resources that no rule knows: so many facets are kept a day, then all other resources share one. */
const MAX_FACETS = 10_000;

/** The facets that a node has met since they were last forgotten. */
export class Facets {
  readonly #known = new Map<string, Facet>();
  readonly #shapes = new Map<Shape, number>();
  #fresh: Facet[] = [];

  constructor(private readonly node: string) {}

  of(event: LedgerEvent): Facet {
    const resource = event.resource ?? '';
    const facet = this.#find(event, resource);
    if (facet) return facet;
    return this.#known.size < MAX_FACETS
      ? this.#add(event, resource)
      : (this.#find(event, OTHER_RESOURCE) ?? this.#add(event, OTHER_RESOURCE));
  }

  /** The facet of all events of a shape. */
  ofShape(shape: Shape): number {
    let facet = this.#shapes.get(shape);
    if (facet === undefined) {
      const { kind, outcome, resource, constants = [] } = shape;
      const data = Object.fromEntries(constants.map(({ name, value }) => [name, value]));
      facet = this.of({ at: 0, kind, outcome, resource, data }).id;
      if (this.#shapes.size >= MAX_FACETS) this.#shapes.clear();
      this.#shapes.set(shape, facet);
    }
    return facet;
  }

  /** Those that were met for the first time since the last call. */
  takeFresh(): readonly Facet[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** A new day has a list of its own. */
  forget(): void {
    this.#known.clear();
    this.#shapes.clear();
    this.#fresh = [];
  }

  #find(event: LedgerEvent, resource: string): Facet | undefined {
    return this.#known.get(keyOf(event, resource));
  }

  #add(event: LedgerEvent, resource: string): Facet {
    const key = keyOf(event, resource);
    const { kind, outcome, data } = event;
    const facet: Facet = {
      id: hashOf(`${key}\n${this.node}`),
      ...{ kind, outcome, reason: reasonOf(event), resource, node: this.node },
      degraded: data?.degraded ? 1 : 0,
      replayed: data?.replayed ? 1 : 0,
    };
    this.#known.set(key, facet);
    this.#fresh.push(facet);
    return facet;
  }
}

function keyOf(event: LedgerEvent, resource: string): string {
  const { kind, outcome, data } = event;
  return `${kind}\n${outcome}\n${reasonOf(event)}\n${data?.degraded ? 1 : 0}${data?.replayed ? 1 : 0}\n${resource}`;
}

function reasonOf({ data }: LedgerEvent): string {
  return typeof data?.reason === 'string' && data.reason.length <= 64 ? data.reason : '';
}
