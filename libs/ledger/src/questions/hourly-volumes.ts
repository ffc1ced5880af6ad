import type { Kysely } from 'kysely';
import type { LedgerEvent } from '../contract/ledger-event.js';
import type { HourlyVolume } from '../contract/ledger-questions.js';
import { DAY_MS } from '../recording/usage.js';
import { VOLUME_SLICE_MS } from '../recording/volumes.js';
import type { PermanentTables } from '../tables/permanent-tables.js';

const HOUR = 12;
const DAY = DAY_MS / VOLUME_SLICE_MS;
/** What is missing of an hour at most, for it to be known. */
const MAX_MISSING_MS = VOLUME_SLICE_MS;

/** The last hour, in steps of five minutes, and the same hour of yesterday; none where the ledger is younger than that, or has gaps in it. */
export async function hourlyVolumes(
  db: Kysely<PermanentTables>,
  now: number,
): Promise<readonly HourlyVolume[]> {
  const end = Math.floor(now / VOLUME_SLICE_MS) + 1;
  const yesterday = { first: end - HOUR - DAY, end: end - DAY };
  const oldest = await db
    .selectFrom('ledger_volumes')
    .select((is) => is.fn.min('slice').as('slice'))
    .executeTakeFirst();
  if (typeof oldest?.slice !== 'number' || oldest.slice > yesterday.first) return [];
  if ((await missingMs(db, yesterday)) > MAX_MISSING_MS) return [];
  const sums = async ({ first, end: beyond }: Slices) => {
    const rows = await db
      .selectFrom('ledger_volumes')
      .select((is) => ['resource', is.fn.sum<number>('decisions').as('decisions')])
      .where('slice', '>=', first)
      .where('slice', '<', beyond)
      .groupBy('resource')
      .execute();
    return new Map(rows.map(({ resource, decisions }) => [resource, Number(decisions)]));
  };
  const before = await sums(yesterday);
  const current = await sums({ first: end - HOUR, end });
  return [...current].map(([resource, decisions]) => ({
    ...{ resource, decisions, yesterday: before.get(resource) ?? 0 },
  }));
}

/** The end is not one of them. */
interface Slices {
  readonly first: number;
  readonly end: number;
}

/** A gap is dated by its end. */
async function missingMs(db: Kysely<PermanentTables>, { first, end }: Slices): Promise<number> {
  const [from, to] = [first * VOLUME_SLICE_MS, end * VOLUME_SLICE_MS];
  const gaps = await db
    .selectFrom('ledger_permanent')
    .select('row')
    .where('at', '>=', from)
    .where('kind', '=', 'gap')
    .where('outcome', '<>', 'retention')
    .execute();
  return gaps.reduce((sum, { row }) => {
    const { at, data } = JSON.parse(row) as LedgerEvent;
    const missing = Math.min(data?.to ?? at, to) - Math.max(data?.from ?? at, from);
    return sum + Math.max(0, missing);
  }, 0);
}
