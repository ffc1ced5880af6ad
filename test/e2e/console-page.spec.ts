import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService } from '../support/running-service.js';

let service: RunningService;
beforeAll(async () => {
  service = await RunningService.start({ SUNDIAL_ADMIN_KEYS: 'boss=rules-and-all-1' });
});
afterAll(() => service.stop());

/** Needs a build, as `npm test` makes one. */
describe('/console', () => {
  it('is a page that runs nothing but its own files, asks no other host, and stands in no frame', async () => {
    const { status, headers, text } = await service.api.get('/console');
    expect(status).toBe(200);
    const policy = headers['content-security-policy']!;
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers['cache-control']).toBe('no-store');
    expect(text).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
  });

  it('has assets whose names change with what they hold, kept for a year', async () => {
    const { text } = await service.api.get('/console');
    const names = [...text.matchAll(/(?:src|href)="(console\/assets\/[^"]+)"/g)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) {
      const { status, headers } = await service.api.get(`/${name}`);
      expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
      expect(headers['content-type']).toMatch(/^text\/(javascript|css); charset=utf-8$/);
    }
  });

  it.each([
    '/console/assets/none.js',
    '/console/assets/..%2findex.html',
    '/console/assets/%2e%2e%2f.sources',
  ])('has no file %s', async (path) => expect((await service.api.get(path)).status).toBe(404));

  it('is found with a slash at its end too, under any base path', async () => {
    const { status, headers } = await service.api.get('/console/');
    expect([status, headers['location']]).toEqual([308, '../console']);
  });
});
