import { describe, expect, it } from '@jest/globals';
import { FakeQuota } from '../testing/fake-quota.js';
import { ReleaseCounts, releaseCountsOf } from './release-counts.js';

const ASKED = { resource: 'ocr', subject: { user: 'u1', grade: '3' } };

describe('ReleaseCounts', () => {
  it('let a subject release so many times an hour, and again in the next', () => {
    let now = Date.parse('2026-11-26T10:59:59Z');
    const counts = new ReleaseCounts(() => now);
    const asked = [1, 2, 3].map(() => counts.mayRelease(ASKED, 2));
    expect(asked).toEqual([true, true, false]);
    now += 1_000;
    expect(counts.mayRelease(ASKED, 2)).toBe(true);
  });

  it('count by resource and subject, whatever the order of attributes and however long they are', () => {
    const counts = new ReleaseCounts(() => 0);
    const long = { resource: 'ocr', subject: { user: 'x'.repeat(256) } };
    for (const asked of [ASKED, long]) {
      expect(counts.mayRelease(asked, 1)).toBe(true);
      expect(counts.mayRelease(asked, 1)).toBe(false);
      expect(counts.mayRelease({ ...asked, resource: 'asr' }, 1)).toBe(true);
      expect(counts.mayRelease({ ...asked, subject: { user: 'x'.repeat(255) } }, 1)).toBe(asked === ASKED);
    }
    expect(counts.mayRelease({ resource: 'ocr', subject: { grade: '3', user: 'u1' } }, 1)).toBe(false);
  });

  it('never release where the most is 0', () => {
    expect(new ReleaseCounts().mayRelease(ASKED, 0)).toBe(false);
  });

  it('forget of 50,000 subjects those that failed longest ago, and no other', () => {
    const counts = new ReleaseCounts(() => 0);
    const of = (user: number) => ({ resource: 'ocr', subject: { user: `u${user}` } });
    for (let user = 0; user < 50_000; user++) expect(counts.mayRelease(of(user), 1)).toBe(true);
    expect(counts.mayRelease(of(5), 1)).toBe(false);
    expect(counts.mayRelease(of(0), 1)).toBe(false);
    expect(counts.mayRelease(of(50_000), 1)).toBe(true);
    expect(counts.mayRelease(of(0), 1)).toBe(false);
    expect(counts.mayRelease(of(1), 1)).toBe(true);
  });

  it('are one for each quota, so that two methods of a resource share them', () => {
    const quota = FakeQuota.allowing();
    expect(releaseCountsOf(quota)).toBe(releaseCountsOf(quota));
    expect(releaseCountsOf(quota)).not.toBe(releaseCountsOf(FakeQuota.allowing()));
  });
});
