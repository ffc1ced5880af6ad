import { TimeSlice } from '../event-loop/time-slice.js';
import type { Rule } from '@sundial/contract';
import { RulesById, type RuleEdits, type StoredRule } from './rules-by-id.js';
import { RulesByResource } from './rules-by-resource.js';

/** Edits that are made at once: about a millisecond. */
const EDITS_AT_ONCE = 100;

/**
 * All rules by id and by resource, immutable. One that is made of another shares with it all that did not change: an
 * edit costs as much as its resource has rules, and the lists of other resources stay the same objects, so that what
 * was derived from them stays good.
 */
export class RuleIndex {
  static readonly EMPTY = new RuleIndex(RulesById.EMPTY, RulesByResource.EMPTY);

  private constructor(
    private readonly byId: RulesById,
    private readonly byResource: RulesByResource,
  ) {}

  static of(rules: readonly Rule[], revision: number): RuleIndex {
    return RuleIndex.EMPTY.changed({ set: rules.map((rule) => ({ rule, revision })), removed: [] });
  }

  get size(): number {
    return this.byId.size;
  }

  get(id: string): StoredRule | undefined {
    return this.byId.get(id);
  }

  /** Those with an id after this one, or all; in order of id. */
  after(id?: string): Generator<StoredRule, void> {
    return this.byId.after(id);
  }

  counting(resource: string): readonly Rule[] {
    return this.byResource.counting(resource);
  }

  knows(resource: string): boolean {
    return this.byResource.has(resource);
  }

  get hasThresholds(): boolean {
    return this.byResource.withThresholds > 0;
  }

  changed({ set, removed }: RuleEdits): RuleIndex {
    let { byId } = this;
    const gone = new Set<Rule>();
    const added = new Map<string, Rule>();
    for (const id of [...removed, ...set.map(({ rule }) => rule.id)]) {
      const old = this.byId.get(id);
      if (old) gone.add(old.rule);
    }
    for (const id of removed) byId = byId.without(id);
    for (const stored of set) {
      byId = byId.with(stored);
      added.set(stored.rule.id, stored.rule);
    }
    return new RuleIndex(byId, this.byResource.changed([...gone], [...added.values()]));
  }

  /** `changed` for any number of edits, without stalling the event loop. */
  async changedInSlices({ set, removed }: RuleEdits): Promise<RuleIndex> {
    const slice = new TimeSlice();
    let index: RuleIndex | undefined;
    for (let at = 0; at < Math.max(set.length, removed.length); at += EDITS_AT_ONCE) {
      if (slice.isOver) await slice.next();
      const end = at + EDITS_AT_ONCE;
      index = (index ?? this).changed({ set: set.slice(at, end), removed: removed.slice(at, end) });
    }
    return index ?? this;
  }

  editsTo(later: RuleIndex): RuleEdits {
    return this.byId.editsTo(later.byId);
  }
}
