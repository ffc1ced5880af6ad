import { describe, expect, it } from '@jest/globals';
import { QuotaClient } from '../index.js';

describe('retries', () => {
  it('stay within their budget, however many calls fail once', async () => {
    const seen = new Set<string>();
    let requests = 0;
    /** Each operation fails once, and is decided when it is asked about again. */
    const flaky: typeof fetch = (_input, init) => {
      const { operationId } = JSON.parse(String(init?.body)) as { operationId: string };
      requests += 1;
      if (!seen.has(operationId)) {
        seen.add(operationId);
        return Promise.reject(new TypeError('fetch failed'));
      }
      return Promise.resolve(Response.json({ allowed: true, limits: [], operationId, degraded: null }));
    };
    const client = new QuotaClient({ url: 'http://127.0.0.1', fetch: flaky });
    let decided = 0;
    const calls = 40;
    for (let n = 0; n < calls; n += 1) {
      const { degraded } = await client.check({ resource: 'ocr', subject: {} });
      if (degraded === null) decided += 1;
    }
    await client.close({ timeoutMs: 0 });
    expect(decided).toBe(10);
    expect(requests).toBeLessThanOrEqual(calls + 10);
  });

  it('are none where an endpoint is left that was not asked', async () => {
    const hosts: string[] = [];
    const failing: typeof fetch = (input) => {
      hosts.push(new URL(String(input)).host);
      return Promise.reject(new TypeError('fetch failed'));
    };
    const endpoints = ['http://a', 'http://b', 'http://c'];
    const client = new QuotaClient({ endpoints, fetch: failing, retries: 1 });
    await client.check({ resource: 'ocr', subject: {} });
    await client.close({ timeoutMs: 0 });
    expect(hosts.slice(0, 4)).toEqual(['a', 'b', 'c', 'a']);
    expect(hosts).toHaveLength(4);
  });
});
