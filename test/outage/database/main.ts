import { parseArgs } from 'node:util';
import { median } from '../../support/percentile.js';
import { type DatabaseOutage, runDatabaseOutage } from './database-outage.js';
import { FAULTS } from './failing-postgres.js';

/**
 * `npm run outage:database -- [--fault frozen|killed|full|slow] [--seconds 60] [--healthy 10] [--rounds 5] [--rate 2000]`: checks while the
 * database of the ledger fails. The exit code is 1 where a check failed or was decided without the store, where its p99 is above 1.5 of
 * that with a healthy database (medians of the rounds), or where a decision is neither a row nor counted in a gap.
 */
const MOST_TIMES = 1.5;
const { values } = parseArgs({
  options: {
    fault: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    healthy: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '2000' },
  },
});

console.log(
  '| fault | p99 healthy ms | p99 ms | ratio | failed | degraded | decided | rows | in gaps | missing | gaps |',
);
console.log(
  '| ----- | -------------: | -----: | ----: | -----: | -------: | ------: | ---: | ------: | ------: | ---- |',
);
for (const fault of FAULTS) {
  if (values.fault !== undefined && values.fault !== fault) continue;
  const outage = await runDatabaseOutage({
    ...{ fault, rounds: Number(values.rounds), ratePerSecond: Number(values.rate) },
    ...{ healthyMs: Number(values.healthy) * 1_000, faultMs: Number(values.seconds) * 1_000 },
  });
  report(fault, outage);
}

function report(fault: string, { rounds, decided, rows, inGaps, gaps }: DatabaseOutage): void {
  const [healthy, faulty] = [
    median(rounds.map((round) => round.healthy.p99)),
    median(rounds.map((round) => round.faulty.p99)),
  ];
  const all = rounds.flatMap((round) => [round.healthy, round.faulty]);
  const failures = all.flatMap((load) => Object.entries(load.failures));
  const failed = failures.reduce((sum, [, count]) => sum + count, 0);
  const degraded = all.reduce((sum, load) => sum + load.degraded, 0);
  const missing = decided - rows - inGaps;
  const causes = gaps.map(({ cause, count }) => `${cause} ${count}`).join(', ') || '-';
  console.log(
    `| ${fault} | ${healthy.toFixed(2)} | ${faulty.toFixed(2)} | ${(faulty / healthy).toFixed(2)} | ${failed} | ${degraded} | ${decided} | ${rows} | ${inGaps} | ${missing} | ${causes} |`,
  );
  for (const [why, count] of failures) console.log(`${count} checks failed: ${why}`);
  if (failed > 0 || degraded > 0 || missing !== 0 || faulty > MOST_TIMES * healthy) process.exitCode = 1;
}
