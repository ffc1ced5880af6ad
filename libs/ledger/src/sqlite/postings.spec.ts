import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import {
  Found,
  keyOf,
  MAX_PLACES,
  placesOf,
  POSTINGS_SCHEMA,
  removePostings,
  writePostings,
} from './postings.js';
import { openSqlite } from './sqlite-file.js';

describe('what rows of a segment are found by', () => {
  it('forgets those that are gone, wherever they lie, and no others', async () => {
    const directory = await temporaryDirectory();
    const database = openSqlite(join(directory.path, 'day.sqlite'));
    database.exec(POSTINGS_SCHEMA);
    const hashes = [1, 2, 3].map((one) => one * MAX_PLACES);
    const keys = hashes.flatMap((hash) => Array.from({ length: 3_000 }, (_, place) => keyOf(hash, place)));
    for (const segment of [1, 2]) writePostings(database, segment, Found.byAttribute, keys);
    const isGone = (place: number) => place % 7 === 3 || (place > 1_000 && place < 1_100);
    const places = [...Array(3_000).keys()];
    const gone = hashes.slice(1).flatMap((hash) => places.filter(isGone).map((place) => keyOf(hash, place)));
    removePostings(database, 1, Found.byAttribute, gone.toReversed());
    const left = (segment: number) =>
      hashes.map((hash) => placesOf(database, segment, Found.byAttribute, hash));
    const others = places.filter((place) => !isGone(place));
    expect(left(1)).toEqual([places, others, others]);
    expect(left(2)).toEqual([places, places, places]);
    database.close();
    await directory.remove();
  });
});
