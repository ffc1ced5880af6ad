import type Database from 'libsql';
import { Form } from '../blocks/block.js';
import { BlockReader, type ReadableBlock } from '../blocks/block-reader.js';
import { attributesOf, operationOf } from '../blocks/keys.js';
import { Found, keyOf, writePostings } from './postings.js';

/** Rows of a facet are found by an index where they are fewer than one in so many; else the segment is read in order. */
const RARE = 50;

/** What the rows of the open segment will be found by, gathered while they are written: sorting them all at once costs least. */
export class SegmentIndex {
  readonly #operations: number[] = [];
  readonly #attributes: number[] = [];
  /** Places by facet. */
  readonly #facets = new Map<number, number[]>();
  readonly #hashes: number[] = [];
  #rows = 0;

  /** `first`: the place of its first row in the segment. */
  add(block: ReadableBlock, first: number): void {
    const records = new BlockReader(block);
    for (let place = first; records.next(); place += 1) {
      if (records.form === Form.Deleted) continue;
      this.#rows += 1;
      const operation = operationOf(records);
      if (operation !== null) this.#operations.push(keyOf(operation, place));
      for (const hash of attributesOf(records, this.#hashes)) this.#attributes.push(keyOf(hash, place));
      const places = this.#facets.get(records.facet);
      if (places) places.push(place);
      else this.#facets.set(records.facet, [place]);
    }
  }

  write(database: Database.Database, segment: number): void {
    writePostings(database, segment, Found.byOperation, this.#operations);
    writePostings(database, segment, Found.byAttribute, this.#attributes);
    const rare = [...this.#facets].filter(([, places]) => places.length * RARE < this.#rows);
    const keys = rare.flatMap(([facet, places]) => places.map((place) => keyOf(facet, place)));
    writePostings(database, segment, Found.byFacet, keys);
    const insert = database.prepare('INSERT INTO facet_rows VALUES (?, ?, ?, ?)');
    for (const [facet, places] of this.#facets)
      insert.run(segment, facet, places.length, places.length * RARE < this.#rows ? 1 : 0);
  }
}
