import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../support/free-port.js';
import { RedisProcess } from '../support/redis-process.js';
import { ServiceProcess } from '../support/service-process.js';

const PROBE = fileURLToPath(new URL('../../apps/quota-service/dist/probe-redis.js', import.meta.url));

/** What `npm run probe:redis` prints with these settings, and its exit code. */
async function probe(env: Readonly<Record<string, string>>): Promise<{ exit: unknown; printed: string }> {
  const program = await ServiceProcess.launch({ env, main: PROBE });
  const exit = await program.exit;
  await program.stop('SIGKILL');
  return { exit, printed: program.output };
}

describe('npm run probe:redis', () => {
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start({ args: ['--appendonly', 'yes'] });
  });
  afterAll(() => redis.stop());

  it('says that a Redis is fit, and leaves nothing in it', async () => {
    // Where a service would not start: HOST without keys is none of its business.
    expect(await probe({ REDIS_URL: redis.url, HOST: '0.0.0.0' })).toEqual({
      exit: 0,
      printed: 'This Redis is fit for Sundial: every command that Sundial uses was carried out.\n',
    });
    expect(await redis.cli('DBSIZE')).toBe(0);
  });

  it('names the commands that a service refuses, and what else is not as it should be', async () => {
    const rights = ['~sd1:*', '&sd1:*', '+@all', '-time', '-info', '-rename'];
    await redis.cli('ACL', 'SETUSER', 'narrow', 'reset', 'on', '>secret', ...rights);
    const { exit, printed } = await probe({ REDIS_URL: redis.url.replace('//', '//narrow:secret@') });
    expect(exit).toBe(1);
    expect(printed).toMatch(/^warn: unknown: .*INFO/m);
    expect(printed).toMatch(/^refuse: permissions: 127\.0\.0\.1:\d+: Redis forbids this user TIME, RENAME/m);
    expect(printed).toMatch(/not fit for Sundial as it is\.\n$/);
    expect(printed).not.toContain('secret');
  });

  it('says where there is none, or none is named', async () => {
    const away = await probe({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    expect(away.exit).toBe(1);
    expect(away.printed).toMatch(/^warn: unreachable: Redis cannot be reached[^]*not fit/);
    expect(await probe({})).toMatchObject({ exit: 1, printed: expect.stringMatching(/^Set REDIS_URL, /) });
    expect(await probe({ REDIS_URL: 'redis://a?db=1' })).toMatchObject({
      exit: 1,
      printed: expect.stringMatching(/^REDIS_URL must give the database as its path/),
    });
  });
});
