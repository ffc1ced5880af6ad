import type { Block } from '../blocks/block.js';
import { BlockBuilder, blocksOf } from '../blocks/block-builder.js';
import { BlockReader } from '../blocks/block-reader.js';
import { KnownShapes } from '../blocks/known-shapes.js';
import type { Shape } from '../blocks/shape.js';
import { PERMANENT_KINDS, type LedgerEvent } from '../contract/ledger-event.js';
import type { Facets } from './facet.js';
import type { NewBlock } from './ledger-store.js';

/** Makes blocks of events into blocks of rows: each has its facet, and what is counted otherwise is left out. */
export class NewBlocks {
  readonly #shapes = new KnownShapes();
  readonly #builder = new BlockBuilder();

  constructor(private readonly facets: Facets) {}

  /** Of events that the writer itself has to tell. */
  ofEvents(events: readonly LedgerEvent[]): readonly NewBlock[] {
    return blocksOf(this.#builder, events).flatMap((block) => this.of(block, () => false));
  }

  /** `isCounted`: the event is no row of its own. None where no row is left. */
  of(
    { shapes: shapeTexts, bytes: sent }: Block,
    isCounted: (event: LedgerEvent) => boolean,
  ): readonly NewBlock[] {
    const shapes = shapeTexts.map((text) => this.#shapes.of(text));
    const facets = shapes.map((shape) => this.facets.ofShape(shape));
    const bytes = Buffer.from(sent.buffer, sent.byteOffset, sent.byteLength);
    const records = new BlockReader({ shapes, facets, bytes });
    let [rows, size, isPermanent, firstAt, lastAt] = [0, 0, false, Number.MAX_SAFE_INTEGER, 0];
    while (records.next()) {
      const { shape, start, end } = records;
      if (!shape || mayBeRefusal(shape)) {
        const event = records.event();
        if (isCounted(event)) continue;
        if (!shape) records.setFacet(this.facets.of(event).id);
        isPermanent ||= PERMANENT_KINDS.has(event.kind);
      }
      // What is left out before it leaves a hole.
      if (size < start) bytes.copyWithin(size, start, end);
      size += end - start;
      rows += 1;
      if (records.at < firstAt) firstAt = records.at;
      if (records.at > lastAt) lastAt = records.at;
    }
    if (rows === 0) return [];
    return [
      { shapes, shapeTexts, facets, bytes: bytes.subarray(0, size), rows, firstAt, lastAt, isPermanent },
    ];
  }
}

function mayBeRefusal({ outcome, kind }: Shape): boolean {
  return outcome === 'denied' && (kind === 'check' || kind === 'reserve');
}
