import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisProcess } from '../support/redis-process.js';
import { refusedStart } from '../support/refused-start.js';
import { RunningService, STORES } from '../support/running-service.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

jest.setTimeout(60_000);

/** A level as the log writes it. */
const INFO = 30;
const RULES = `rules:
  - { id: a, resource: ocr, per: [user, grade], limits: [{ window: day, max: 1 }] }
  - { id: b, resource: llm, per: [user], limits: [{ window: day, max: 1 }] }
`;

describe.each(STORES)('the rules file, %s', (store) => {
  let directory: TemporaryDirectory;
  let file: string;
  let redis: RedisProcess | undefined;
  let service: RunningService | undefined;
  let program: ServiceProcess | undefined;
  beforeEach(async () => {
    directory = await temporaryDirectory();
    file = join(directory.path, 'rules.yaml');
    redis = store === 'redis' ? await RedisProcess.start() : undefined;
    await writeFile(file, RULES);
  });
  afterEach(async () => {
    await service?.stop();
    await program?.stop('SIGKILL');
    await redis?.stop();
    await directory.remove();
    [service, program] = [undefined, undefined];
  });

  const env = () => ({
    SUNDIAL_RULES_FILE: file,
    SUNDIAL_DATA_DIR: join(directory.path, 'data'),
    SUNDIAL_LAME_DUCK_MS: '0',
    ...(redis && { REDIS_URL: redis.url }),
  });
  /** Starts a service on what the last one left, and gives what the log says of its rules. */
  const start = async () => {
    await service?.stop();
    service = await RunningService.start(env());
    const { level, fields, sentence } = service.rulesInForce;
    return { level, ...fields, msg: sentence };
  };
  /** The same of a service in a process of its own: the line of its log. */
  const startProgram = async (): Promise<Record<string, unknown>> => {
    await program?.stop();
    program = await ServiceProcess.start({ env: env() });
    const about = () => program!.stdout.split('\n').filter((line) => line.includes('"fileIs":'));
    await eventually(() => about().length > 0);
    expect(about()).toHaveLength(1);
    return JSON.parse(about()[0]!);
  };
  const idsInForce = async () => {
    const { body } = await service!.api.get('/admin/rules');
    return body.rules.map(({ id }: { id: string }) => id);
  };

  it('is used where no rules are stored, and is said to be the same while it is', async () => {
    expect(await startProgram()).toMatchObject({
      ...{ level: INFO, rules: 2, version: 1, origin: 'seed', file, fileIs: 'used' },
      msg: `2 rules are in force, version 1: none were stored. The rules file ${file} is used`,
    });
    await writeFile(file, RULES.replace('[user, grade]', '[grade, user]'));
    expect(await startProgram()).toMatchObject({
      level: INFO,
      origin: 'stored',
      fileIs: 'the same',
      version: 1,
    });
  });

  // An edit of it was passed over without a word.
  it('is said to differ where rules are stored, with what to do', async () => {
    await start();
    await writeFile(file, RULES.replace('id: b', 'id: c').replace('max: 1', 'max: 2'));
    expect(await start()).toMatchObject({
      ...{ level: 'info', origin: 'stored', fileIs: 'different', more: 1, other: 1, less: 1 },
      msg: expect.stringMatching(
        /^2 rules are in force, version 1: those that are stored\. The rules file \S+ is not used, and differs: 1 of its .*PUT \/admin\/rules/,
      ),
    });
    expect(await idsInForce()).toEqual(['a', 'b']);
  });

  // It stopped every restart, though nothing read its rules any more.
  it('stops no start where rules are stored, however broken it is', async () => {
    await start();
    const expectBroken = async (reason: RegExp) => {
      expect(await start()).toMatchObject({
        ...{ level: 'warn', origin: 'stored', fileIs: 'broken', rules: 2, version: 1 },
        msg: expect.stringMatching(reason),
      });
      expect(await idsInForce()).toEqual(['a', 'b']);
    };
    await writeFile(file, RULES.replace('max: 1', 'max: many'));
    await expectBroken(/limits\.0\.max/);
    await writeFile(file, RULES, 'utf16le');
    await expectBroken(/UTF-16/);
    await rm(file);
    await expectBroken(/cannot be read/);
  });

  it('ends a start where no rules are stored and it is broken, with every error', async () => {
    await writeFile(file, RULES.replaceAll('max: 1', 'max: many'));
    const said = await refusedStart(env());
    for (const path of ['rules.0.limits.0.max', 'rules.1.limits.0.max']) expect(said).toContain(path);
    await writeFile(file, RULES);
    expect(await start()).toMatchObject({ fileIs: 'used' });
  });

  it('is not blamed for what else ends a start, where rules are stored', async () => {
    await start();
    await service!.stop();
    service = undefined;
    await writeFile(file, 'rules: many');
    program = await ServiceProcess.launch({ env: { ...env(), SUNDIAL_DEADLINE_MS: 'fast' } });
    expect(await program.exit).toBe(1);
    expect(program.stderr).toContain('SUNDIAL_DEADLINE_MS');
    expect(program.stderr).not.toContain('rules.yaml');
  });
});

it('is not needed where Redis is away and this node knows rules', async () => {
  const directory = await temporaryDirectory();
  const file = join(directory.path, 'rules.yaml');
  await writeFile(file, RULES);
  const redis = await RedisProcess.start();
  const env = {
    SUNDIAL_RULES_FILE: file,
    SUNDIAL_DATA_DIR: join(directory.path, 'data'),
    REDIS_URL: redis.url,
    SUNDIAL_DEADLINE_MS: '50',
  };
  await (await RunningService.start(env)).stop();
  await redis.stop();
  await writeFile(file, 'rules: many');
  const service = await RunningService.start(env);
  expect(service.rulesInForce).toMatchObject({
    fields: { origin: 'last-known' },
    sentence: expect.stringMatching(
      /those that this node knew last\. The rules file \S+ is not used, and is broken/,
    ),
  });
  await service.stop();
  await directory.remove();
});
