import { describe, expect, it } from '@jest/globals';
import { QuotaClient } from './quota-client.js';

describe('options', () => {
  it.each([
    [{ url: 'sundial:3000' }, /http/],
    [{ url: 'nowhere' }, /must be like/],
    [{ url: '' }, /must be like/],
    [{ url: 'http://user:pass@sundial' }, /use key/],
    [{ url: 'http://sundial/?a=1' }, /query/],
    [{ url: 'http://sundial', timeoutMs: 0 }, /timeoutMs/],
    [{ url: 'http://sundial', timeoutMs: Number.NaN }, /timeoutMs/],
    [{ url: 'http://sundial', key: '' }, /key/],
    [{ url: 'http://sundial', key: 'a\nb' }, /key/],
  ])('%j are refused at once', (options, sentence) => {
    expect(() => new QuotaClient(options)).toThrow(sentence);
  });
});
