import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { findRedisCli } from '../../scripts/find-redis.mjs';
import { RedisProcess } from '../support/redis-process.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NAMES = readdirSync(`${ROOT}lua`).filter((name) => name.endsWith('.lua'));
/** What a terminal shows; a test's own output is no terminal. */
const SHELL = 'redis-cli() { command "$CLI" -p "$PORT" --no-raw "$@"; }';
/** The store's clock, epoch milliseconds. */
const INSTANT = /\b\d{13}\b/g;

describe('the sample in the header of a script', () => {
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await RedisProcess.start();
  });
  afterEach(() => redis.cli('FLUSHALL'));
  afterAll(() => redis.stop());

  /** Pastes text into a shell. */
  const paste = async (text: string) => {
    const cli = findRedisCli();
    if (cli === undefined) throw new Error('There is no redis-cli: install it beside redis-server.');
    const env = { ...process.env, CLI: cli, PORT: String(redis.port) };
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', `${SHELL}\n${text}`], {
      cwd: ROOT,
      env,
    });
    expect(stderr).toBe('');
    return stdout;
  };

  it.each(NAMES)('answers in a shell what it says: %s', async (name) => {
    const sample = sampleOf(readFileSync(`${ROOT}lua/${name}`, 'utf8'));
    const replies = sample.split('\n').filter((line) => line.startsWith('#> '));
    const said = replies.map((line) => `${line.slice('#> '.length)}\n`).join('');
    expect(said).not.toBe('');
    expect((await paste(sample)).replace(INSTANT, 'now')).toBe(said.replace(INSTANT, 'now'));
  });
});

function sampleOf(lua: string): string {
  return /^--\[\[ Sample\n(.*?)^\]\]$/ms.exec(lua)?.[1] ?? '';
}
