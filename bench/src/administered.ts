import { parseArgs } from 'node:util';
import type { OverrideInput, Rule } from '@sundial/contract';
import { EngineOverrides, LiveRules, RuleBook } from '@sundial/engine';
import { RedisStore } from '@sundial/redis';
import { engineOn } from '../../test/support/engine-on.js';
import { inTurns } from '../../test/support/in-turns.js';
import { RedisProcess } from '../../test/support/redis-process.js';
import { residentMib } from '../../test/support/resident-memory.js';
import { removeTemporaryDirectories } from '../../test/support/temporary-directory.js';
import { manyUserAt, PLENTY } from './load/subjects.js';
import { WebServer } from './processes/web-server.js';
import { markdownTable } from './report/markdown-table.js';
import { metricSum } from './scenarios/metrics.js';

/**
 * `node --import ./scripts/run-typescript.mjs bench/src/administered.ts`: what overrides and packs take of Redis, and of a node that
 * decides checks of their subjects. Another process than the node writes them.
 */
const { values } = parseArgs({
  options: { each: { type: 'string', default: '1000000' }, checks: { type: 'string', default: '100000' } },
});
const [each, checks] = [Number(values.each), Number(values.checks)];

process.once('exit', removeTemporaryDirectories);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const OVERRIDES_AT_ONCE = 10_000;
const PACKS_AT_ONCE = 512;
const CHECKS_A_BATCH = 1_000;
const CONNECTED_WITHIN_MS = 5_000;
const STRIDE = 7_368_787;
const MIB = 1024 * 1024;

await using redis = await RedisProcess.start();
await using service = await WebServer.start('sundial', redis.url);
const url = `http://127.0.0.1:${service.port}`;
const { rules } = (await (await fetch(`${url}/admin/rules`)).json()) as { readonly rules: readonly Rule[] };
const rule = rules.find(({ resource }) => resource === 'ocr')!;

const rows: (readonly string[])[] = [];
let asked = 0;
await check();
await measure('before');
const overrides = await bytesOf(setOverrides);
await measure('with overrides');
const packs = await bytesOf(addPacks);
await measure('with packs, too');
for (const round of ['first', 'second', 'third']) {
  await check();
  await measure(`after the ${round} ${checks} checks`);
}
console.log(
  markdownTable(
    [
      { title: 'When', align: 'left' },
      { title: 'Node, MiB', align: 'right' },
      { title: 'its heap, MiB', align: 'right' },
      { title: 'Redis, MiB', align: 'right' },
    ],
    rows,
  ),
);
console.log(`${each} of each: ${overrides} bytes of Redis an override, ${packs} a pack.`);

async function measure(when: string): Promise<void> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const heap = metricSum(metrics, 'nodejs_heap_size_used_bytes');
  const node = await residentMib(service.pid);
  const mib = [node, heap / MIB, (await redis.usedBytes()) / MIB];
  rows.push([when, ...mib.map((one) => one.toFixed(0))]);
  console.error(rows.at(-1)!.join(', '));
}

/** Of subjects in an order that no cache likes; a third of them has neither, a third an override, and a third a pack. */
async function check(): Promise<void> {
  const until = asked + checks;
  for (; asked < until; asked += CHECKS_A_BATCH) {
    const batch = Array.from({ length: CHECKS_A_BATCH }, (_, index) => ({
      resource: 'ocr',
      subject: { user: manyUserAt(((asked + index) * STRIDE) % (3 * each)) },
    }));
    const response = await fetch(`${url}/check/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ checks: batch }),
    });
    const { decisions } = (await response.json()) as {
      readonly decisions: readonly { readonly degraded: null }[];
    };
    if (!decisions.every(({ degraded }) => degraded === null))
      throw new Error('Redis did not decide all checks.');
  }
}

async function bytesOf(write: () => Promise<void>): Promise<number> {
  const [before, startedAt] = [await redis.usedBytes(), performance.now()];
  await write();
  console.error(`written in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  return Math.round(((await redis.usedBytes()) - before) / each);
}

async function setOverrides(): Promise<void> {
  const store = new RedisStore({ kind: 'single', url: redis.url });
  const writer = new EngineOverrides({
    rules: new LiveRules(new RuleBook(1, [rule])),
    keeper: store.overrides,
    now: () => store.now(),
  });
  for (let first = 0; first < each; first += OVERRIDES_AT_ONCE) {
    const lines = Array.from(
      { length: Math.min(OVERRIDES_AT_ONCE, each - first) },
      (_, index): OverrideInput => ({
        rule: rule.id,
        subject: { user: manyUserAt(first + index) },
        limits: [{ window: 'day', add: PLENTY }],
      }),
    );
    await writer.import(lines);
  }
  await store.close();
}

async function addPacks(): Promise<void> {
  const store = new RedisStore({ kind: 'single', url: redis.url });
  const engine = engineOn({
    store,
    rules: new LiveRules(new RuleBook(1, [rule])),
    deadlineMs: 5_000,
  });
  await store.examined(CONNECTED_WITHIN_MS);
  const numbers = Array.from({ length: each }, (_, index) => each + index);
  await inTurns(numbers, PACKS_AT_ONCE, async (index) => {
    const user = manyUserAt(index);
    await engine.packs.add({ resource: 'ocr', subject: { user }, amount: 50, operationId: `order-${index}` });
  });
  await engine.close();
}
