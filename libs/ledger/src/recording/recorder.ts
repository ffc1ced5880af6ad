import type { Subject } from '@sundial/contract';
import type { LedgerEvent } from '../contract/ledger-event.js';
import type { LedgerGap } from '../contract/ledger.js';
import type { DeletedSubjectData } from '../contract/ledger-questions.js';
import { Facets } from './facet.js';
import { Form, type Block } from '../blocks/block.js';
import { BlockReader, type ReadableBlock } from '../blocks/block-reader.js';
import type { Shape } from '../blocks/shape.js';
import type { Derived, LedgerStore, NewRows, RetentionBounds } from './ledger-store.js';
import { NewBlocks } from './new-blocks.js';
import { Outages } from './outages.js';
import { Refusals } from './refusals.js';
import { Usage } from './usage.js';
import { Volumes } from './volumes.js';

/** How long sums wait until they are applied: a subject that is asked for often costs one row then. */
const APPLY_AFTER_MS = 60_000;

export interface Written {
  /** Gaps that the database itself has to tell of. */
  readonly gaps: readonly LedgerGap[];
}

/** Turns blocks of events into rows and sums, for a store. One call at a time; a call that rejected is repeated by the caller, and counts once. */
export class Recorder {
  readonly #facets: Facets;
  readonly #blocks: NewBlocks;
  readonly #refusals = new Refusals();
  readonly #usage = new Usage();
  readonly #outages: Outages;
  readonly #volumes = new Volumes();
  #isOpen = false;
  #number = 0;
  /** A batch that may have been written or not. */
  #unsure: (NewRows & Written) | undefined;
  #position = 0;
  #applied = 0;
  #appliedAt = performance.now();
  #unapplied: Derived | undefined;
  #gaps: LedgerGap[] = [];

  constructor(
    node: string,
    private readonly store: LedgerStore,
  ) {
    this.#facets = new Facets(node);
    this.#blocks = new NewBlocks(this.#facets);
    this.#outages = new Outages(node);
  }

  /** Opens the store if it is not open yet; a process that was killed before is a gap. */
  async open(now: number): Promise<void> {
    if (this.#isOpen) return;
    const state = await this.store.open();
    // An attempt that the database went away from leaves sums behind.
    this.#forgetSums();
    this.#outages.restore(state.outages);
    this.#position = this.#applied = state.derivedUpTo;
    await this.#recover();
    this.#refusals.adopt(state.counted);
    if (state.unclean !== undefined)
      this.#gaps.push({ cause: 'killed', from: state.unclean, to: now, count: 0 });
    this.#isOpen = true;
  }

  /** Writes blocks of events, in one transaction. `now`: this node's clock. */
  async write(sent: readonly Block[], now: number): Promise<Written> {
    await this.open(now);
    if (this.#hasManySums || performance.now() - this.#appliedAt > APPLY_AFTER_MS) await this.apply();
    this.#unsure ??= this.#rowsOf(sent);
    const { blocks, counted, gaps } = this.#unsure;
    if (blocks.length > 0 || counted.length > 0) {
      this.#position = Math.max(this.#position, await this.store.write(this.#unsure));
    }
    for (const one of blocks) this.#addBlock(one);
    this.#unsure = undefined;
    return { gaps };
  }

  /** Applies the sums up to the last row. */
  async apply(): Promise<void> {
    this.#unapplied ??= this.#takeSums();
    if (this.#unapplied.upTo > this.#applied) await this.store.applyDerived(this.#unapplied);
    this.#applied = this.#unapplied.upTo;
    this.#unapplied = undefined;
    this.#appliedAt = performance.now();
  }

  async retain(bounds: RetentionBounds, now: number): Promise<void> {
    await this.open(now);
    this.#gaps.push(...(await this.store.retain(bounds, now)));
  }

  async deleteSubject(subject: Subject): Promise<DeletedSubjectData> {
    const entries = Object.entries(subject);
    if (entries.length === 0)
      throw new TypeError('A subject without attributes would be everything: name at least one.');
    this.#refusals.forget(({ subject: of = {} }) => entries.every(([name, value]) => of[name] === value));
    await this.apply();
    return this.store.deleteSubject(subject);
  }

  async close(clean: boolean): Promise<void> {
    if (!this.#isOpen) return;
    if (clean) await this.apply();
    await this.store.close(clean);
  }

  /** Ends the minute of refusals that are counted: their rows are in the next batch. */
  endRefusals(): void {
    this.#refusals.endNow();
  }

  get #hasManySums(): boolean {
    return this.#usage.size >= this.store.maxSums;
  }

  #takeSums(): Derived {
    const [outages, volumes] = [this.#outages.take(), this.#volumes.take()];
    return { ...this.#usage.take(), outages, volumes, upTo: this.#position };
  }

  #forgetSums(): void {
    this.#takeSums();
    this.#unapplied = undefined;
  }

  /** Sums up what a process before wrote and did not apply. */
  async #recover(): Promise<void> {
    for (;;) {
      const written = await this.store.rowsAfter(this.#position);
      if (written.length === 0) return;
      for (const { block, skip, position } of written) {
        this.#addBlock(block, skip);
        this.#position = position;
      }
      if (this.#hasManySums) await this.apply();
    }
  }

  #addBlock(block: ReadableBlock, skip = 0): void {
    const records = new BlockReader(block);
    for (let skipped = 0; records.next(); skipped += 1) {
      const { form, shape } = records;
      if (skipped < skip || form === Form.Deleted) continue;
      if (shape) {
        this.#usage.addRecord(records);
        this.#volumes.addRecord(records, shape);
        if (isDegraded(shape)) this.#outages.add(records.event());
      } else this.#addEvent(records.event());
    }
  }

  #addEvent(event: LedgerEvent): void {
    this.#usage.add(event);
    this.#outages.add(event);
    this.#volumes.add(event);
  }

  #rowsOf(sent: readonly Block[]): NewRows & Written {
    if (this.store.beginsNewDay()) {
      this.#facets.forget();
      this.#refusals.endNow();
    }
    const gaps = this.#gaps;
    this.#gaps = [];
    const blocks = [
      ...this.#blocks.ofEvents(gaps.map(gapEvent)),
      ...sent.flatMap((block) => this.#blocks.of(block, (event) => this.#refusals.counts(event))),
    ];
    this.#refusals.endWhenOver();
    const ended = this.#refusals.takeEnded();
    blocks.push(...this.#blocks.ofEvents(ended.map(({ event }) => event)));
    this.#number += 1;
    const counted = this.#refusals.takeChanged();
    return { number: this.#number, blocks, facets: this.#facets.takeFresh(), counted, ended, gaps };
  }
}

function isDegraded({ constants = [] }: Shape): boolean {
  for (const { name, value } of constants) if (name === 'degraded' && value) return true;
  return false;
}

function gapEvent({ cause, from, to, count }: LedgerGap): LedgerEvent {
  return { at: to, kind: 'gap', outcome: cause, count, data: { from, to } };
}
