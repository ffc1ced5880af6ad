import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LIVE_FRAMES } from './live.docs.js';
import type { LiveFrame } from './live-frame.js';
import { decodeReport, encodeReport, shownAlarms, type NodeReport } from './node-report.js';

const FRAME = LIVE_FRAMES.answers[200]!.examples!['frame']!.value as LiveFrame;
const REPORT = FRAME.nodes[0]!.report as NodeReport;
const ALARM = {
  ...{ id: 'a-1', pattern: 'channel-down', kind: 'consecutive' as const, class: 'alarm' as const },
  ...{ channel: { resource: 'ocr', dependency: 'redis' }, summary: 's' },
  terms: { failures: 12, withinMs: 60_000 },
  raisedAt: REPORT.startedAt,
};

describe('what a node says of itself', () => {
  it('is read as it was written', () => {
    const report = { ...REPORT, alarms: shownAlarms([ALARM]) };
    expect(decodeReport(encodeReport(report))).toEqual(report);
    expect(decodeReport(encodeReport({ ...report, perSecond: null, latencyMs: null }))?.perSecond).toBeNull();
  });

  it('is never too long to be kept: the number of alarms stays, and fewer are shown', () => {
    const alarms = shownAlarms(
      Array.from({ length: 40 }, () => ({ ...ALARM, summary: '\u{1F4A5}'.repeat(999) })),
    );
    const text = encodeReport({ ...REPORT, name: '"'.repeat(200), alarms });
    expect(text.length).toBeLessThanOrEqual(4_096);
    expect(decodeReport(text)?.alarms.active).toBe(40);
  });

  it('may be anything in the store: what is of another shape is not shown, and nothing unknown is passed on', () => {
    expect(decodeReport(JSON.stringify({ ...REPORT, more: 'x' }))).toEqual(REPORT);
    for (const text of ['', '7', 'null', '[]', '{}', 'x'.repeat(5_000)])
      expect(decodeReport(text)).toBeUndefined();
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(REPORT)), fc.jsonValue(), (field, value) => {
        const read = decodeReport(JSON.stringify({ ...REPORT, [field]: value }));
        if (read !== undefined) expect(Object.keys(read)).toEqual(Object.keys(REPORT));
      }),
    );
    expect(decodeReport(JSON.stringify({ ...REPORT, rulesVersion: -1 }))).toBeUndefined();
    expect(decodeReport(JSON.stringify({ ...REPORT, startedAt: 'yesterday' }))).toBeUndefined();
  });
});
