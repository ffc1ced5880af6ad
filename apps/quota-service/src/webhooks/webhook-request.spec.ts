import { describe, expect, it } from '@jest/globals';
import { QuotaError } from '@sundial/contract';
import { readWebhook } from './webhook-request.js';

function pathsOf(body: unknown): readonly string[] {
  try {
    readWebhook(body);
  } catch (error) {
    if (error instanceof QuotaError) return error.errors.map(({ path }) => path);
    throw error;
  }
  return [];
}

describe('a webhook that is set', () => {
  it('may have headers of its own', () => {
    const webhook = { url: 'https://x.invalid/', headers: { authorization: 'Bearer a b', 'x-team': 'ops' } };
    expect(readWebhook(webhook)).toEqual(webhook);
    expect(pathsOf({ ...webhook, headers: {} })).toEqual([]);
  });

  it.each([
    [{}, 'url'],
    [{ url: 'ftp://x.example.org' }, 'url'],
    [{ url: 'https://u:p@x.example.org' }, 'url'],
    [{ url: 'https://x.invalid', filter: { types: ['no'] } }, 'filter.types'],
    [{ url: 'https://x.invalid', filter: { type: 'x' } }, 'filter.type'],
    [{ url: 'https://x.invalid', secret: 'short' }, 'secret'],
    [{ url: 'https://x.invalid', template: { contentType: 'text/html', body: 'x' } }, 'template.contentType'],
    [
      { url: 'https://x.invalid', template: { contentType: 'application/json', body: '{{id}}' } },
      'template.body',
    ],
    [{ url: 'https://x.invalid', header: {} }, 'header'],
    [{ url: 'https://x.invalid', headers: { Authorization: 'x' } }, 'headers'],
    [{ url: 'https://x.invalid', headers: { 'content-type': 'x' } }, 'headers'],
    [{ url: 'https://x.invalid', headers: { 'sundial-signature': 'x' } }, 'headers'],
    [{ url: 'https://x.invalid', headers: { 'x-a': 'one\r\nhost: two' } }, 'headers'],
    [{ url: 'https://x.invalid', headers: { 'x-a': 1 } }, 'headers'],
    [{ url: 'https://x.invalid', headers: ['x-a'] }, 'headers'],
    [
      {
        url: 'https://x.invalid',
        headers: Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [`x-${n}`, 'y'])),
      },
      'headers',
    ],
  ])('is not %j', (body, path) => {
    expect(pathsOf(body)).toEqual([path]);
  });
});
