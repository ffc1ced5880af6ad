import { describe, expect, it } from '@jest/globals';
import { instantIn } from './instant-in.js';

describe('An instant in a zone', () => {
  it.each([
    ['2026-11-22T10:00:00+08:00', 'UTC', '2026-11-22T02:00:00.000Z'],
    ['2026-11-22T10:00:00.250Z', 'Asia/Shanghai', '2026-11-22T10:00:00.250Z'],
    ['2026-11-22', 'Asia/Shanghai', '2026-11-21T16:00:00.000Z'],
    ['2026-11-22T10:30', 'Asia/Shanghai', '2026-11-22T02:30:00.000Z'],
    // This hour is there twice, that one never.
    ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    // A day that has no midnight begins at its first instant.
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
  ])('%s in %s is %s', (text, timeZone, expected) => {
    expect(new Date(instantIn(text, timeZone)!).toISOString()).toBe(expected);
  });

  it.each([
    '',
    'yesterday',
    '2026-13-01',
    '2026-02-30',
    '2026-11-22T25:00',
    '2026-11-22 10:00',
    '1763776800000',
  ])('%j is none', (text) => expect(instantIn(text, 'UTC')).toBeUndefined());
});
