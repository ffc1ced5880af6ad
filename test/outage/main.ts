import { parseArgs } from 'node:util';
import { type Outage, runOutage } from './outage.js';

/**
 * `npm run outage -- [--seconds 10] [--rate 500] [--deadline 200] [--away one|both] [--python python3]`: business calls from three programs
 * while endpoints of the service are killed. The exit code is 1 where a call failed, or the counters are not what was allowed.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    around: { type: 'string', default: '3' },
    rate: { type: 'string', default: '500' },
    deadline: { type: 'string', default: '200' },
    away: { type: 'string' },
    python: { type: 'string' },
  },
});

for (const away of ['one', 'both'] as const) {
  if (values.away !== undefined && values.away !== away) continue;
  const outage = await runOutage({
    away,
    awayMs: Number(values.seconds) * 1_000,
    aroundMs: Number(values.around) * 1_000,
    ratePerSecond: Number(values.rate),
    deadlineMs: Number(values.deadline),
    python: values.python,
  });
  console.log(`\n${away === 'one' ? 'One endpoint' : 'Both endpoints'} killed for ${values.seconds} s\n`);
  console.log(tableOf(outage));
  if (!isExact(outage)) process.exitCode = 1;
}

function tableOf({ clients, allowed, used, reserved, wrong }: Outage): string {
  const rows = clients.map(
    ({ name, calls, failures, degraded, longestMs, pending, outcomes }) =>
      `| ${name} | ${calls} | ${failures.length} | ${degraded} | ${Math.round(longestMs)} | ${pending} | ${JSON.stringify(outcomes)} |`,
  );
  return [
    '| program | calls | failed | without a service | longest ms | undelivered | reports |',
    '| ------- | ----: | -----: | ----------------: | ---------: | ----------: | ------- |',
    ...rows,
    `\n${allowed} allowed, ${used} counted, ${reserved} held`,
    ...wrong,
    ...clients.flatMap(({ name, failures }) => failures.slice(0, 5).map((failure) => `${name}: ${failure}`)),
  ].join('\n');
}

function isExact({ clients, wrong }: Outage): boolean {
  return (
    wrong.length === 0 &&
    clients.every(({ calls, failures, pending }) => calls > 0 && failures.length === 0 && pending === 0)
  );
}
