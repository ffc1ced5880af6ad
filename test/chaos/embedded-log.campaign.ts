import { afterEach, describe, expect, it } from '@jest/globals';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { ServiceProcess, type ServiceProcessOptions } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

const RULE = {
  id: 'spacious',
  resource: 'spacious',
  per: ['user'],
  limits: [
    { window: 'year', max: 1_000_000 },
    { window: 'day', max: 1_000_000 },
  ],
};
const FULL_DISK = new URL('../support/full-disk.mjs', import.meta.url);
const FAST_CLOCK = new URL('../support/fast-clock.mjs', import.meta.url);

describe('a service that counts in its own process', () => {
  let directory: TemporaryDirectory;
  let service: ServiceProcess;
  const start = async (options: ServiceProcessOptions = {}) => {
    directory ??= await temporaryDirectory();
    const env = { SUNDIAL_DATA_DIR: directory.path, SUNDIAL_LAME_DUCK_MS: '0', ...options.env };
    service = await ServiceProcess.start({ ...options, env });
  };
  const createRule = async () =>
    expect((await service.fetchJson('POST', '/admin/rules', RULE)).status).toBe(201);
  const check = (operationId?: string, user = 'u1') =>
    service.fetchJson('POST', '/check', { resource: 'spacious', subject: { user }, operationId });
  const used = async (user = 'u1') => {
    const { body } = await service.fetchJson('GET', `/usage?resource=spacious&user=${user}`);
    const [year, day] = body.limits.map((limit: { used: number }) => limit.used);
    expect(day).toBe(year);
    return year as number;
  };
  const segments = async () =>
    (await readdir(directory.path)).filter((name) => /^counters-.*\.log$/.test(name));
  const pathOf = (name: string) => join(directory.path, name);
  const readiness = async () => (await service.fetchJson('GET', '/health/ready')).body;
  const metrics = async () => (await fetch(new URL('/metrics', service.url))).text();
  const alarms = async () => {
    const { body } = await service.fetchJson('GET', '/admin/alarms');
    return body.active.map(({ pattern }: { pattern: string }) => pattern) as string[];
  };
  afterEach(async () => {
    await service.stop('SIGKILL');
    await directory.remove();
    directory = undefined as unknown as TemporaryDirectory;
  });

  it('loses at most a second of what it counted when it is killed under load, and invents nothing', async () => {
    await start();
    await createRule();
    for (let kill = 0; kill < 2; kill++) {
      const before = await used();
      const answeredAt: number[] = [];
      const ids: string[] = [];
      let isKilled = false;
      const caller = async (name: number) => {
        for (let n = 0; !isKilled; n++) {
          const id = `kill-${kill}-${name}-${n}`;
          const answer = await check(id).catch(() => undefined);
          if (answer?.body.allowed !== true) continue;
          answeredAt.push(Date.now());
          ids.push(id);
        }
      };
      const callers = Array.from({ length: 8 }, (_, name) => caller(name));
      await sleep(1_500);
      const killedAt = Date.now();
      await service.stop('SIGKILL');
      isKilled = true;
      await Promise.all(callers);
      await start();
      const counted = (await used()) - before;
      const safe = answeredAt.filter((at) => at < killedAt - 1_000).length;
      expect(safe).toBeGreaterThan(50);
      expect(counted).toBeGreaterThanOrEqual(safe);
      // A call may have been counted without its answer having arrived: one of each caller.
      expect(counted).toBeLessThanOrEqual(answeredAt.length + callers.length);
      const replays = await Promise.all(
        ids.slice(0, safe).map(async (id) => (await check(id)).body.replayed),
      );
      expect(replays.every(Boolean)).toBe(true);
      expect((await readiness()).conditions).toEqual([]);
    }
  }, 60_000);

  it('reports a full disk in health, metrics, alarms and log, and has lost nothing when there is room again', async () => {
    directory = await temporaryDirectory();
    const flag = pathOf('full');
    await start({ env: { DISK_IS_FULL_WHILE: flag }, preload: [FULL_DISK] });
    await createRule();
    await check();
    await eventually(async () => (await segments()).length === 1);
    await writeFile(flag, '');
    for (let n = 0; n < 200; n++) expect((await check(`o${n}`)).body.allowed).toBe(true);
    const isReported = async () => (await readiness()).conditions.length > 0;
    await eventually(isReported, { withinMs: 5_000 });
    expect((await service.fetchJson('POST', '/admin/rules', { ...RULE, id: 'other' })).status).toBe(503);
    const { status, conditions } = await readiness();
    expect(status).toBe('ready');
    expect(conditions).toMatchObject([
      { condition: 'unwritable', file: 'counters', severity: 'warn' },
      { condition: 'unwritable', file: 'rules', severity: 'warn' },
    ]);
    expect(conditions[0].sentence).toContain('ENOSPC');
    expect(await metrics()).toContain('sundial_file_finding{file="counters",finding="unwritable"} 1');
    expect(await metrics()).toContain('sundial_file_finding{file="rules",finding="unwritable"} 1');
    expect(await alarms()).toEqual(['disk-full']);
    expect(service.output).toContain('The counters cannot be written');

    await rm(flag);
    await eventually(async () => (await readiness()).conditions.length === 0, { withinMs: 5_000 });
    expect(await metrics()).toContain('sundial_file_finding{file="counters",finding="unwritable"} 0');
    await eventually(async () => (await alarms()).length === 0, { withinMs: 10_000 });
    await service.stop('SIGKILL');
    await start();
    expect(await used()).toBe(201);
    expect((await check('o199')).body.replayed).toBe(true);
  }, 40_000);

  it('reports a file that can grow no more', async () => {
    await start({ maxFileBytes: 64 * 1024 });
    await createRule();
    for (let n = 0; n < 40; n++) await Promise.all(Array.from({ length: 50 }, () => check()));
    await eventually(async () => (await readiness()).conditions[0]?.file === 'counters', { withinMs: 5_000 });
    expect(await used()).toBe(2_000);
    await service.stop('SIGKILL');
    await start();
    // What fitted is there, and nothing of a group that did not.
    expect(await used()).toBeGreaterThan(200);
    expect((await readiness()).conditions).toEqual([]);
  }, 30_000);

  it('keeps all but the last write when that was cut off, and says so', async () => {
    const name = await countedInTwoWrites();
    await writeFile(pathOf(name), (await readFile(pathOf(name))).subarray(0, -3));
    await start();
    expect(await used()).toBe(1);
    expect((await readiness()).conditions).toEqual([]);
    expect(service.output).toContain('the last write of the counters was cut off');
  }, 30_000);

  it('says in health, metrics, alarms and journal that a bit is wrong, and keeps what is behind it', async () => {
    const name = await countedInTwoWrites();
    const content = await readFile(pathOf(name));
    content[60]! ^= 1;
    await writeFile(pathOf(name), content);
    await start();
    expect(await used()).toBe(2);
    const { conditions } = await readiness();
    expect(conditions).toMatchObject([{ condition: 'damaged', file: 'counters', severity: 'warn' }]);
    expect(conditions[0].sentence).toContain(name);
    expect(await metrics()).toContain('sundial_file_finding{file="counters",finding="damaged"} 1');
    expect(await alarms()).toEqual(['counts-uncertain']);
    const { body } = await service.fetchJson('GET', '/admin/journal');
    expect(body.uncertainIntervals).toMatchObject([{ reason: 'writes-lost' }]);
  }, 30_000);

  it('says how long a restart took to read the counters, and what it found', async () => {
    await countedInTwoWrites();
    await start();
    const line = service.stdout.split('\n').find((text) => text.includes('the counters are read'));
    expect(JSON.parse(line!)).toMatchObject({ counters: 1, operations: 2, tookMs: expect.any(Number) });
  }, 30_000);

  it('keeps its disk bounded however long it counts', async () => {
    // 15 minutes, in which an operation is remembered, are a quarter of a second: a fast machine counts much in a second.
    await start({ env: { CLOCK_RATE: '3600', SUNDIAL_LEDGER: 'off' }, preload: [FAST_CLOCK] });
    const rule = { ...RULE, limits: [{ window: 'year', max: 1_000_000 }] };
    expect((await service.fetchJson('POST', '/admin/rules', rule)).status).toBe(201);
    let [written, largest] = [0, 0];
    // Each operation alone takes more than 160 bytes.
    const isBounded = () => largest < (written * 160) / 2;
    // The log lags some sweeps, which are seconds, behind: so much is written that these are little of it.
    while (written < 100_000 || (!isBounded() && written < 1_600_000)) {
      const checks = Array.from({ length: 1_000 }, (_, n) => ({
        resource: 'spacious',
        subject: { user: `u${n % 500}` },
        // So long that they fill segments.
        operationId: `${written + n}`.padEnd(128, '-'),
      }));
      await service.fetchJson('POST', '/check/batch', { checks });
      written += checks.length;
      if (written % 10_000 === 0) largest = Math.max(largest, await diskBytes());
    }
    expect(isBounded()).toBe(true);
    expect(largest).toBeGreaterThan(8 * 1024 * 1024);
    await service.stop('SIGTERM');
    await start();
    let total = 0;
    for (let n = 0; n < 500; n++) {
      const { body } = await service.fetchJson('GET', `/usage?resource=spacious&user=u${n}`);
      total += body.limits[0].used;
    }
    expect(total).toBe(written);
  }, 120_000);

  async function diskBytes(): Promise<number> {
    const sizes = (await segments()).map((name) =>
      stat(pathOf(name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  /** A log of two groups, after the service has ended; the name of its file. */
  async function countedInTwoWrites(): Promise<string> {
    await start();
    await createRule();
    await check();
    await eventually(async () => (await segments()).length === 1);
    await sleep(200);
    await check();
    await sleep(200);
    await service.stop('SIGKILL');
    const [name] = await segments();
    return name!;
  }
});
