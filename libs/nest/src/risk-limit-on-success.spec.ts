import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { QuotaError } from '@sundial/contract';
import { lastValueFrom, of, type Observable, take, throwError, toArray } from 'rxjs';
import { bindQuota } from './bound-quota.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { RiskLimitExceededException } from './risk-limit-exceeded.exception.js';
import type { RiskLimitOptions } from './risk-limit.options.js';
import { Subject } from './subject.decorator.js';
import { FakeQuota } from './testing/fake-quota.js';

class ProviderError extends Error {}
class PictureError extends Error {}

interface Completion {
  readonly text: string;
  readonly tokens: number;
}

/** A class of its own for each test: logs say a thing once a minute, for each method. */
function llmService() {
  class LlmService {
    readonly ran: string[] = [];

    @RiskLimit<LlmService['complete']>({
      resource: 'llm',
      count: 'on-success',
      amount: (_user, prompt) => prompt.length,
      amounts: () => ({ tokens: 50 }),
      actual: ({ tokens }) => ({ tokens }),
    })
    async complete(@Subject('user') _user: string, prompt: string): Promise<Completion> {
      this.ran.push(prompt);
      if (prompt === 'torn') throw new ProviderError('torn');
      return { text: prompt.toUpperCase(), tokens: prompt.length * 2 };
    }

    @RiskLimit<LlmService['plain']>({
      resource: 'llm',
      count: 'on-success',
      ttlMs: 5_000,
      onExpiry: 'commit',
      operationId: (_user, id) => id,
      releaseOn: [ProviderError],
      maxReleases: 2,
    })
    async plain(@Subject('user') _user: string, _id?: string, error?: Error): Promise<string> {
      this.ran.push('plain');
      if (error) throw error;
      return 'done';
    }

    @RiskLimit<LlmService['broken']>({
      resource: 'llm',
      count: 'on-success',
      actual: (result) => result as never,
      releaseOn: () => {
        throw new Error('no idea');
      },
    })
    async broken(@Subject('user') _user: string, result: unknown): Promise<unknown> {
      if (result instanceof Error) throw result;
      return result;
    }

    @RiskLimit<LlmService['tokens']>({
      resource: 'llm',
      count: 'on-success',
      actualPerItem: (token) => ({ amount: token.length }),
    })
    async tokens(@Subject('user') _user: string, ...tokens: string[]): Promise<AsyncIterable<string>> {
      return (async function* () {
        for (const token of tokens) {
          if (token === 'torn') throw new ProviderError('torn');
          yield token;
        }
      })();
    }

    @RiskLimit<LlmService['generated']>({
      resource: 'llm',
      count: 'on-success',
      actualPerItem: (token) => ({ amount: token.length }),
    })
    async *generated(@Subject('user') _user: string, ...tokens: string[]): AsyncGenerator<string> {
      this.ran.push('generated');
      yield* tokens;
    }

    @RiskLimit<LlmService['observed']>({
      resource: 'llm',
      count: 'on-success',
      actual: ({ items, last, end }) => ({ amount: end === 'completed' ? (last ?? 0) : items }),
    })
    async observed(@Subject('user') _user: string, source: Observable<number>): Promise<Observable<number>> {
      return source;
    }
  }
  return new LlmService();
}

const USER = { resource: 'llm', subject: { user: 'u1' } };
let quota: FakeQuota;
let llm: ReturnType<typeof llmService>;
let warn: ReturnType<typeof jest.spyOn>;
const used = () => quota.used(USER)['units'] ?? 0;
const endings = () => quota.endings.map(({ verb, request }) => [verb, request]);

beforeEach(() => {
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined) as never;
  quota = FakeQuota.counting(100, { retryAfterMs: 1_500 });
  llm = bindQuota(llmService(), quota);
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('a call that counts on success', () => {
  it('reserves what it may take, and commits what it really used', async () => {
    expect(await llm.complete('u1', 'hello')).toEqual({ text: 'HELLO', tokens: 10 });
    expect(quota.checks).toEqual([]);
    expect(quota.reserves).toEqual([{ ...USER, amount: 5, amounts: { tokens: 50 } }]);
    expect(endings()).toEqual([['commit', { amounts: { tokens: 10 } }]]);
    expect(quota.used(USER)).toEqual({ units: 5, tokens: 10 });
  });

  it('gives its units back when it throws, and its caller gets the error', async () => {
    await expect(llm.complete('u1', 'torn')).rejects.toThrow(ProviderError);
    expect(endings()).toEqual([['release', {}]]);
    expect(used()).toBe(0);
  });

  it('does not run where its limit refuses', async () => {
    await expect(llm.complete('u1', 'x'.repeat(101))).rejects.toThrow(RiskLimitExceededException);
    expect(llm.ran).toEqual([]);
    expect(quota.endings).toEqual([]);
  });

  it('holds as long and expires as its options say, and commits as held without `actual`', async () => {
    await llm.plain('u1');
    expect(quota.reserves).toEqual([{ ...USER, ttlMs: 5_000, onExpiry: 'commit' }]);
    expect(endings()).toEqual([['commit', {}]]);
    expect(used()).toBe(1);
  });

  it('runs uncounted where there is no decision, as any other', async () => {
    quota.answerWith(new Error('connection refused'));
    await expect(llm.plain('u1')).resolves.toBe('done');
    expect(quota.endings).toEqual([]);
  });

  it('succeeds where its commit fails, and the hold expires by its policy', async () => {
    quota.failEndings(new QuotaError('store-unavailable', 'the store is away'));
    await expect(llm.plain('u1')).resolves.toBe('done');
    expect(warn.mock.calls.flat().join()).toContain(
      'LlmService.plain could not end a reservation: its commit failed',
    );
    quota.failEndings();
    quota.advance(5_000);
    expect(used()).toBe(1);
  });

  it('throws its own error where its release fails', async () => {
    quota.failEndings(new Error('connection refused'));
    await expect(llm.complete('u1', 'torn')).rejects.toThrow('torn');
  });

  it.each([[{ tokens: -1 }], [{ amount: '5' }]])(
    'commits as held where `actual` is no amount: %j',
    async (result) => {
      await expect(llm.broken('u1', result)).resolves.toBe(result);
      expect(endings()).toEqual([['commit', {}]]);
      expect(warn.mock.calls.flat().join()).toContain(
        'LlmService.broken has an option that failed: "actual": TypeError: ',
      );
    },
  );

  it('gives its units back where nothing can say whether the error should', async () => {
    await expect(llm.broken('u1', new Error('torn'))).rejects.toThrow('torn');
    expect(endings()).toEqual([['release', {}]]);
  });
});

describe('errors', () => {
  it('that are not named stay counted', async () => {
    await expect(llm.plain('u1', undefined, new PictureError('no picture'))).rejects.toThrow(PictureError);
    await expect(llm.plain('u1', undefined, new ProviderError('away'))).rejects.toThrow(ProviderError);
    expect(endings()).toEqual([
      ['commit', {}],
      ['release', {}],
    ]);
    expect(used()).toBe(1);
  });

  // A caller that can make a method fail after the work was done would work for nothing.
  it('that are provoked are no free pass: after so many an hour, failed calls count', async () => {
    for (let call = 0; call < 5; call++)
      await llm.plain('u1', undefined, new ProviderError('away')).catch(() => undefined);
    await llm.plain('u2', undefined, new ProviderError('away')).catch(() => undefined);
    expect(endings().map(([verb]) => verb)).toEqual([
      'release',
      'release',
      'commit',
      'commit',
      'commit',
      'release',
    ]);
    expect(used()).toBe(3);
    expect(warn.mock.calls.flat().join()).toContain(
      'LlmService.plain counted a failed call: its subject had 2 that',
    );
  });
});

describe('a repeated call', () => {
  it('counts once, and runs again', async () => {
    await llm.plain('u1', 'job-1');
    await llm.plain('u1', 'job-1');
    expect(llm.ran).toHaveLength(2);
    expect(used()).toBe(1);
  });

  it('never gives back what the first one has counted, or still holds', async () => {
    await llm.plain('u1', 'job-1');
    await llm.plain('u1', 'job-1', new ProviderError('away')).catch(() => undefined);
    expect(endings()).toEqual([['commit', {}]]);
    await quota.reserve({ ...USER, operationId: 'job-2' });
    await llm.plain('u1', 'job-2', new ProviderError('away')).catch(() => undefined);
    expect(used()).toBe(2);
  });

  it('is a new one after the first has failed', async () => {
    await llm.plain('u1', 'job-1', new ProviderError('away')).catch(() => undefined);
    await llm.plain('u1', 'job-1');
    expect(endings().map(([verb]) => verb)).toEqual(['release', 'commit']);
    expect(used()).toBe(1);
  });
});

describe('a stream', () => {
  async function read(stream: AsyncIterable<string>, most = Infinity): Promise<string[]> {
    const items: string[] = [];
    for await (const item of stream) {
      items.push(item);
      if (items.length >= most) break;
    }
    return items;
  }

  it('is counted when it is over, with what its items used', async () => {
    const stream = await llm.tokens('u1', 'ab', 'c');
    expect(used()).toBe(1);
    expect(quota.endings).toEqual([]);
    expect(await read(stream)).toEqual(['ab', 'c']);
    expect(used()).toBe(3);
  });

  it('counts what was used where its consumer stops early', async () => {
    expect(await read(await llm.tokens('u1', 'ab', 'c', 'd'), 1)).toEqual(['ab']);
    expect(used()).toBe(2);
  });

  it('is what an async generator method makes, which reserves when it is first read', async () => {
    const stream = llm.generated('u1', 'ab', 'c', 'd');
    expect(quota.reserves).toEqual([]);
    expect(await read(stream, 2)).toEqual(['ab', 'c']);
    expect(used()).toBe(3);
    quota.answerWith('refuse');
    await expect(read(llm.generated('u1', 'ab'))).rejects.toThrow(RiskLimitExceededException);
    expect(llm.ran).toEqual(['generated']);
  });

  it('gives its units back where it fails', async () => {
    await expect(read(await llm.tokens('u1', 'ab', 'torn'))).rejects.toThrow(ProviderError);
    expect(endings()).toEqual([['release', {}]]);
    expect(used()).toBe(0);
  });

  it('that is never read expires', async () => {
    await llm.tokens('u1', 'ab');
    quota.advance(60_000);
    expect(used()).toBe(0);
  });

  it('is an Observable as well, and `actual` is given what it was', async () => {
    const all = await llm.observed('u1', of(1, 2, 30));
    expect(await lastValueFrom(all.pipe(toArray()))).toEqual([1, 2, 30]);
    expect(used()).toBe(30);
    const some = await llm.observed('u2', of(1, 2, 30));
    await lastValueFrom(some.pipe(take(2)));
    await new Promise(setImmediate);
    expect(quota.used({ resource: 'llm', subject: { user: 'u2' } })).toEqual({ units: 2 });
    const none = await llm.observed(
      'u3',
      throwError(() => new Error('torn')),
    );
    await expect(lastValueFrom(none)).rejects.toThrow('torn');
    expect(quota.used({ resource: 'llm', subject: { user: 'u3' } })).toEqual({ units: 0 });
  });
});

describe('the options of counting', () => {
  it.each<[Partial<RiskLimitOptions> | Record<string, unknown>, string]>([
    [{ count: 'on-failure' }, 'its count must be "on-call" or "on-success", not "on-failure"'],
    [{ ttlMs: 5_000 }, 'its option "ttlMs" means nothing without count: \'on-success\''],
    [{ count: 'on-call', actual: () => ({}) }, 'its option "actual" means nothing'],
    [
      { count: 'on-success', ttlMs: 999 },
      'its option "ttlMs" must be an integer of 1000 to 86400000, not 999',
    ],
    [{ count: 'on-success', ttlMs: 1_000.5 }, 'its option "ttlMs" must be'],
    [{ count: 'on-success', ttlMs: 86_400_001 }, 'its option "ttlMs" must be'],
    [
      { count: 'on-success', onExpiry: 'keep' },
      'its option "onExpiry" must be "release" or "commit", not "keep"',
    ],
    [{ count: 'on-success', maxReleases: -1 }, 'its option "maxReleases" must be an integer from 0, not -1'],
    [
      { count: 'on-success', releaseOn: [ProviderError, 'x'] },
      'its option "releaseOn" must be a list of error classes',
    ],
    [{ count: 'on-success', actual: { tokens: 1 } }, 'its option "actual" must be a function'],
  ])('are looked at when the class is defined: %j', (options, sentence) => {
    expect(() => {
      class Service {
        @RiskLimit({ resource: 'llm', subject: () => ({}), ...(options as object) })
        async run(): Promise<void> {}
      }
      return Service;
    }).toThrow(`Service.run: ${sentence}`);
  });
});
