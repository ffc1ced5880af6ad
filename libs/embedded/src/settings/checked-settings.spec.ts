import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { QuotaSettings } from '@sundial/contract';
import { checkedSettings } from './checked-settings.js';
import { QuotaSettingsError } from './quota-settings.error.js';

function errors(settings: object): string[] {
  try {
    checkedSettings({ directory: './data', ...settings } as QuotaSettings);
    return [];
  } catch (error) {
    if (!(error instanceof QuotaSettingsError)) throw error;
    return error.message.split('\n').slice(1);
  }
}

describe('settings of Sundial in a process', () => {
  it('have defaults, but for the directory', () => {
    expect(checkedSettings({ directory: './data' })).toEqual({
      redis: undefined,
      directory: resolve('data'),
      rules: [],
      deadlineMs: 50,
      batchDeadlineMs: 2_000,
      unknownResource: 'allow',
      journal: 'group',
      maxSubjects: undefined,
      clockOffsetMs: 0,
    });
    expect(errors({ directory: undefined })).toEqual([
      'directory: must name a directory of this process, such as "./data"',
    ]);
  });

  it('list every error at once, with the value and what it must be', () => {
    expect(
      errors({ deadlineMs: 4, batchDeadlineMs: 1.5, journal: 'none', unknownResource: true, rule: [] }),
    ).toEqual([
      expect.stringMatching(/^rule: is no setting; there are redis, directory, rules, /),
      'deadlineMs=4 must be an integer from 5 to 10000',
      'batchDeadlineMs=1.5 must be an integer from 50 to 60000',
      'unknownResource=true must be one of: allow, deny',
      'journal="none" must be one of: group, strict',
    ]);
  });

  it.each([
    ['no object', 'redis://127.0.0.1', 'redis: must be an object'],
    ['no URL', {}, 'redis.url: must look like redis://'],
    ['another protocol', { url: 'http://127.0.0.1' }, 'redis.url: must look like redis://'],
    // ioredis takes these for options, and counts under other keys than every other node.
    [
      'options in its URL',
      { url: 'redis://127.0.0.1?keyPrefix=app:' },
      'redis.url: must have no options behind a ?',
    ],
    ['a relative socket', { url: 'unix://redis.sock' }, 'redis.url: must give the whole path of a socket'],
    [
      'a database of a Cluster',
      { kind: 'cluster', nodes: [{ host: 'a', port: 1 }], url: 'redis://nodes/3' },
      'redis.url: must name no database',
    ],
    [
      'a field of the wrong kind',
      { url: 'redis://127.0.0.1', nodes: [] },
      'redis.nodes: is no setting of kind single',
    ],
    ['an unknown kind', { kind: 'many', url: 'redis://127.0.0.1' }, 'redis.kind="many" must be one of'],
    ['no nodes', { kind: 'cluster', nodes: [] }, 'redis.nodes: must be a list'],
    [
      'a port that is none',
      { kind: 'cluster', nodes: [{ host: 'a', port: 0 }] },
      'redis.nodes: must be a list',
    ],
    [
      'a master without a name',
      { kind: 'sentinel', sentinels: [{ host: 'a', port: 1 }] },
      'redis.name: must be',
    ],
  ])('refuse a Redis that has %s', (_, redis, sentence) => {
    expect(errors({ redis })).toEqual([expect.stringContaining(sentence)]);
  });

  it('never show a URL, which may carry a password', () => {
    expect(errors({ redis: { url: 'redis://:hush@127.0.0.1?db=3' } }).join()).not.toContain('hush');
  });

  it('bound counters of this process alone', () => {
    expect(errors({ maxSubjects: 10 })).toEqual([]);
    expect(errors({ maxSubjects: 10, redis: { url: 'redis://127.0.0.1' } })).toEqual([
      'maxSubjects: is for counters without Redis: bound Redis by its maxmemory',
    ]);
  });
});
