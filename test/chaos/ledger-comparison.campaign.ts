import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.js';
import { PostgresProcess } from '../support/postgres-process.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const HOUR_MS = 3_600_000;
/** The hour that is compared begins so long after the nodes are started: they must have begun to look before it. */
const BEFORE_HOUR_MS = 40_000;
const RULE = { id: 'ocr', resource: 'ocr', per: ['user'], limits: [{ window: 'hour', max: 100 }] };

/** Two looks that are a minute apart cannot be hurried: counters against the ledger as operators have it. */
describe('two nodes that share a Redis and a PostgreSQL', () => {
  jest.setTimeout(200_000);
  let directory: TemporaryDirectory;
  let redis: RedisProcess;
  let postgres: PostgresProcess;
  let nodes: ServiceProcess[];
  beforeAll(async () => {
    [redis, postgres] = await Promise.all([RedisProcess.start(), PostgresProcess.start()]);
    const startedAt = Date.now();
    const toNextHourMs = HOUR_MS - (startedAt % HOUR_MS);
    directory = await temporaryDirectory();
    const file = join(directory.path, 'rules.yaml');
    await writeFile(file, stringify({ rules: [RULE] }));
    const env = {
      SUNDIAL_RULES_FILE: file,
      REDIS_URL: redis.url,
      SUNDIAL_LEDGER_URL: await postgres.database(),
      SUNDIAL_ALARM_INTERVAL_MS: '100',
      SUNDIAL_CLOCK_OFFSET_MS: String(toNextHourMs - BEFORE_HOUR_MS),
      SUNDIAL_LAME_DUCK_MS: '0',
    };
    nodes = await Promise.all(
      ['a', 'b'].map((name) => ServiceProcess.start({ env: { ...env, SUNDIAL_NODE_NAME: name } })),
    );
    await sleep(startedAt + BEFORE_HOUR_MS - Date.now());
  }, BEFORE_HOUR_MS + 20_000);
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await Promise.all([redis.stop(), postgres.stop(), directory.remove()]);
  });

  /** Of all nodes. */
  async function compared(outcome: 'equal' | 'different'): Promise<number> {
    const pattern = new RegExp(`^sundial_ledger_compared_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm');
    const counts = nodes.map(async ({ url }) => {
      const metrics = await (await fetch(new URL('/metrics', url))).text();
      return Number(pattern.exec(metrics)![1]);
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count);
  }

  it('raise an alarm for the counter that redis-cli changed, and for no other', async () => {
    for (let index = 0; index < 20; index++)
      await nodes[index % 2]!.fetchJson('POST', '/check', {
        ...{ resource: 'ocr', subject: { user: `u${index % 5}` }, operationId: `o${index}` },
      });
    await eventually(async () => (await compared('equal')) >= 5, { withinMs: 60_000 });
    const keys = (await redis.cli('KEYS', '*{ocr:user=u3}:ocr*')) as string[];
    expect(await redis.cli('DEL', ...keys)).toBe(1);
    const alarm = await eventually(
      async () => {
        const answers = await Promise.all(nodes.map((node) => node.fetchJson('GET', '/admin/alarms')));
        return answers.flatMap(({ body }) => body.active).find(({ kind }) => kind === 'ledger-mismatch');
      },
      { withinMs: 120_000 },
    );
    expect(alarm.evidence).toMatchObject({ rule: 'ocr', recorded: 4, counted: 0, operationId: 'o18' });
    expect(JSON.stringify(alarm)).not.toContain('u3');
    expect(await compared('different')).toBe(1);
    expect(nodes.map(({ stdout }) => stdout).join('')).not.toContain('cannot be compared');
  });
});
