import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { bindQuota } from './bound-quota.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { Subject } from './subject.decorator.js';
import { FakeQuota } from './testing/fake-quota.js';

class ProviderError extends Error {}

interface Completion {
  readonly pages: number;
}

interface Provider {
  complete(user: string, prompt: string): Promise<Completion>;
  stream(user: string, prompt: string): AsyncIterable<Completion>;
}

class CompletionService {
  @RiskLimit<CompletionService['complete']>({
    resource: 'llm',
    count: 'on-success',
    actual: ({ pages }) => ({ amount: pages }),
    releaseOn: [ProviderError],
  })
  async complete(@Subject('user') user: string, prompt: string): Promise<Completion> {
    return this.provider.complete(user, prompt);
  }

  @RiskLimit<CompletionService['stream']>({
    resource: 'llm',
    count: 'on-success',
    actualPerItem: (chunk) => ({ amount: chunk.pages }),
  })
  async stream(@Subject('user') user: string, prompt: string): Promise<AsyncIterable<Completion>> {
    return this.provider.stream(user, prompt);
  }

  constructor(private readonly provider: Provider) {}
}

const PROVIDER: Provider = {
  async complete(_user, prompt) {
    if (prompt === 'away') throw new ProviderError('away');
    return { pages: 3 };
  },
  async *stream() {
    for (let page = 0; page < 5; page++) yield { pages: 1 };
  },
};

describe('the example of docs/decorator.md', () => {
  let quota: FakeQuota;
  let completions: CompletionService;
  const used = () => quota.used({ resource: 'llm', subject: { user: 'u1' } })['units'];
  beforeEach(() => {
    quota = FakeQuota.allowing();
    completions = bindQuota(new CompletionService(PROVIDER), quota);
  });

  it('is this one', () => {
    const [source, manual] = ['./on-success-example.spec.ts', '../../../docs/decorator.md'].map((path) =>
      readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8'),
    ) as [string, string];
    const [example] = /^class CompletionService \{\n[^]*?\n\}$/m.exec(source)!;
    expect(manual).toContain(`\`\`\`ts\n${example}\n\`\`\``);
  });

  it('commits what was used, and releases when the provider fails', async () => {
    await completions.complete('u1', 'write');
    expect(used()).toBe(3);
    await expect(completions.complete('u1', 'away')).rejects.toThrow(ProviderError);
    expect(used()).toBe(3);
  });

  it('commits the chunks that were read', async () => {
    let read = 0;
    for await (const _ of await completions.stream('u1', 'write')) if (++read === 2) break;
    expect(used()).toBe(2);
  });
});
