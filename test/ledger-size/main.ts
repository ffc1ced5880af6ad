import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openLedger, type Ledger } from '@sundial/ledger';
import { PostgresProcess } from '../support/postgres-process.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../support/temporary-directory.js';
import { eventsOf } from './events.js';
import { daysUntilToday, dropOldestDay, fill, isFilled, type Place } from './filled-ledger.js';
import { ask, questionsOf } from './questions.js';

/**
 * `npm run ledger:size -- [--store sqlite|postgres] [--rows 10000000] [--days 10] [--max-bytes 300000000] [--place directory|postgres://…]`: fills a ledger as a node does,
 * asks each question, deletes a subject, drops a day, and then records under `SUNDIAL_LEDGER_MAX_BYTES` until the oldest days go. Takes
 * minutes; prints a table. PostgreSQL is a server of its own in a temporary directory.
 */
const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'sqlite' },
    rows: { type: 'string', default: '10000000' },
    days: { type: 'string', default: '10' },
    'max-bytes': { type: 'string', default: '300000000' },
    rate: { type: 'string', default: '2000' },
    place: { type: 'string' },
  },
});
const [rows, count, maxBytes, rate] = [values.rows, values.days, values['max-bytes'], values.rate].map(
  Number,
) as [number, number, number, number];
const RETAINED_WITHIN_MS = 75_000;

process.once('exit', removeTemporaryDirectories);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

await using postgres =
  values.store === 'postgres' && values.place === undefined ? await PostgresProcess.start() : undefined;
const place = await placeOf(values.place);
const days = daysUntilToday(count, rows);
if (!(await isFilled(place))) {
  await timed(`${rows} rows of ${count} days written`, () => fill(place, days));
}

const ledger = await openLedger({ node: 'node', ...place, days: count + 1 });
console.log('\n| Question | answers | first ms | median ms |\n| --- | ---: | ---: | ---: |');
for (const question of questionsOf(days[count >> 1]!.start + 40_000_000, rows)) {
  const { name, answers, firstMs, medianMs } = await ask(ledger, question);
  console.log(`| ${name} | ${answers} | ${firstMs.toFixed(1)} | ${medianMs.toFixed(1)} |`);
}
for (const user of ['customer-19990', 'customer-77']) {
  const subject = { user };
  const exported = await timed(`export of ${user}, all pages`, () => exportAll(ledger, user));
  const { events } = await timed(`deletion of ${user}`, () => ledger.questions.deleteSubject(subject));
  console.log(`  ${exported} exported, ${events} deleted, ${await exportAll(ledger, user)} left`);
}
await ledger.close();
console.log(`a day dropped: ${(await dropOldestDay(place, count)).toFixed(0)} ms`);
await recordBeyondBytes();

/** A new one, or one that this program filled before. */
async function placeOf(given: string | undefined): Promise<Place> {
  if (postgres) return { url: await postgres.database() };
  if (given === undefined) return { directory: (await temporaryDirectory()).path };
  return given.startsWith('postgres') ? { url: given } : { directory: given };
}

/** Records at a steady rate until days are dropped for their size, and says what of it is gone. */
async function recordBeyondBytes(): Promise<void> {
  const bounded = await openLedger({ node: 'node', ...place, days: count + 1, maxBytes });
  const load = eventsOf({ start: Date.now(), rows: Number.MAX_SAFE_INTEGER }, rows);
  const began = performance.now();
  let recorded = 0;
  const gaps = () => bounded.questions.events({ kinds: ['gap'] }, { limit: 100 });
  while (performance.now() - began < RETAINED_WITHIN_MS) {
    const due = ((performance.now() - began) * rate) / 1_000;
    for (; recorded < due; recorded += 1) bounded.record({ ...load.next().value!, at: Date.now() });
    await sleep(20);
  }
  await bounded.flush();
  const { lost } = bounded.status();
  console.log(`${recorded} recorded at ${rate}/s with maxBytes ${maxBytes}; ${lost} lost; gaps:`);
  for (const { outcome, count: gone, data } of (await gaps()).rows)
    console.log(`  ${outcome}: ${gone} events, ${JSON.stringify(data)}`);
  const [oldest] = (await bounded.questions.events({}, { order: 'oldest', limit: 1 })).rows;
  console.log(`  the oldest event now: ${oldest && new Date(oldest.at).toISOString()}`);
  await bounded.close();
}

async function exportAll({ questions }: Ledger, user: string): Promise<number> {
  let all = 0;
  for (let cursor: string | undefined; ;) {
    const page = { limit: 1_000, ...(cursor !== undefined && { cursor }) };
    const { rows: some, next } = await questions.exportSubject({ user }, page);
    all += some.length;
    if (next === undefined) return all;
    cursor = next;
  }
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  const tookMs = performance.now() - startedAt;
  console.log(`${what}: ${tookMs < 10_000 ? `${tookMs.toFixed(0)} ms` : `${(tookMs / 1_000).toFixed(0)} s`}`);
  return result;
}
