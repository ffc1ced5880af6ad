import { chmod, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

let service: ServiceProcess | undefined;
let redis: RedisProcess | undefined;
let directory: TemporaryDirectory | undefined;
afterEach(async () => {
  await service?.stop();
  await redis?.stop();
  await directory?.remove();
  [service, redis, directory] = [undefined, undefined, undefined];
});

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
const modesIn = async (path: string) => {
  const names = (await readdir(path)).filter((name) => !/^counters\.(ndjson|log)/.test(name)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await modeOf(join(path, name))])),
  );
};
const check = () => service!.fetchJson('POST', '/check', { resource: 'ocr', subject: { user: 'u1' } });

describe('what the service writes to the disk is for its user alone', () => {
  it('with counters in the process', async () => {
    directory = await temporaryDirectory();
    const data = join(directory.path, 'made', 'data');
    service = await ServiceProcess.start({ env: { SUNDIAL_DATA_DIR: data } });
    await check();
    await eventually(async () => (await readdir(data)).includes('counters-00000001.log'));
    expect(await modesIn(data)).toEqual({
      'counters-00000001.log': '600',
      'counters.lock': '600',
      ledger: '700',
      'operations.secret': '600',
      'receipts.key': '600',
      'rules.ndjson': '600',
    });
    expect(new Set(Object.values(await modesIn(join(data, 'ledger'))))).toEqual(new Set(['600']));
    expect([await modeOf(data), await modeOf(join(data, '..'))]).toEqual(['700', '700']);
  });

  it('with counters in Redis, whatever an older version left for others to read', async () => {
    directory = await temporaryDirectory();
    redis = await RedisProcess.start();
    const data = directory.path;
    // A torn journal, of which the damaged copy holds as much.
    await writeFile(join(data, 'journal.log'), 'torn');
    await chmod(join(data, 'journal.log'), 0o644);
    service = await ServiceProcess.start({ env: { SUNDIAL_DATA_DIR: data, REDIS_URL: redis.url } });
    await eventually(async () => (await readdir(data)).includes('rules-last-known.ndjson'));
    redis.freeze();
    await eventually(async () => (await check()).body.degraded !== null);
    redis.thaw();
    expect(await modesIn(data)).toEqual({
      'journal.lock': '600',
      'journal.log': '600',
      'journal.log.damaged': '600',
      ledger: '700',
      'operations.secret': '600',
      'receipts.key': '600',
      'rules-last-known.ndjson': '600',
    });
  });
});
