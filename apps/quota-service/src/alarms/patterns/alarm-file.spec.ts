import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../config/settings.js';
import { loadAlarmFile, parseAlarmFile } from './alarm-file.js';
import { PATTERN_KINDS } from './alarm-pattern.js';

const SHIPPED = new URL('../../../../../config/alarms.yaml', import.meta.url).pathname;

function errorsIn(text: string): readonly string[] {
  try {
    parseAlarmFile(text, 'a.yaml');
  } catch (error) {
    if (error instanceof ConfigurationError) return error.errors;
    throw error;
  }
  return [];
}

describe('the alarms file', () => {
  it('that ships has a pattern of every kind, and the numbers of the payment platform', async () => {
    const patterns = await loadAlarmFile(SHIPPED);
    const kinds = new Set(patterns.map(({ kind }) => kind));
    expect([...kinds].toSorted()).toEqual(Object.keys(PATTERN_KINDS).toSorted());
    expect(patterns.slice(0, 3)).toEqual([
      expect.objectContaining({ kind: 'consecutive', class: 'alarm', failures: 12, withinMs: 60_000 }),
      expect.objectContaining({ kind: 'sustained', class: 'alarm', failures: 3, minutes: 10, channels: 3 }),
      expect.objectContaining({
        kind: 'spread',
        class: 'alarm',
        failures: 25,
        withinMs: 600_000,
        channels: 3,
      }),
    ]);
  });

  it('may hold no pattern at all', () => {
    expect(parseAlarmFile('patterns: []', 'a.yaml')).toEqual([]);
  });

  it('clears after 30 s unless it says otherwise', () => {
    const [pattern] = parseAlarmFile('patterns: [{ id: a, kind: degraded-mode, class: alarm }]', 'a.yaml');
    expect(pattern).toEqual({ id: 'a', kind: 'degraded-mode', class: 'alarm', clearAfterMs: 30_000 });
  });

  it('takes a volume of an hour, with or without a factor', () => {
    const volume = (more: string) => `patterns: [{ id: v, kind: volume, class: alarm, decisions: 5${more} }]`;
    expect(parseAlarmFile(volume(''), 'a.yaml')).toEqual([expect.objectContaining({ withinMs: 3_600_000 })]);
    expect(parseAlarmFile(volume(', factor: 2.5'), 'a.yaml')).toEqual([
      expect.objectContaining({ withinMs: 3_600_000, factor: 2.5 }),
    ]);
    const must = 'must be a number above 1 and at most 1000, of an hour (withinMs: 3600000, or none)';
    expect(errorsIn(volume(', factor: 1'))).toEqual([`a.yaml:1 patterns.0.factor ${must}, not 1`]);
    expect(errorsIn(volume(', factor: 2, withinMs: 60000'))).toEqual([
      `a.yaml:1 patterns.0.factor ${must}, not 2`,
    ]);
  });

  it('is refused with every error of every pattern, each with its line', () => {
    const text = `
patterns:
  - id: Loud
    kind: consecutive
    class: panic
    failures: 1
    withinMs: 1m
  - id: twice
    kind: spread
    class: alarm
    failures: 2.5
    withinMs: 999
    minutes: 3
  - { id: twice, kind: error-rate, class: [alarm], rate: 5, outcomes: 0, withinMs: 1000, clearAfterMs: -1 }
  - { id: no-kind, class: alarm }
  - consecutive
defaults: {}
`;
    expect(errorsIn(text)).toEqual([
      'a.yaml:17 defaults is no field here; there are patterns',
      'a.yaml:3 patterns.0.id must be 1 to 64 small letters, digits and "-", a letter first, not "Loud"',
      'a.yaml:5 patterns.0.class must be one of: alarm, attention, not "panic"',
      'a.yaml:6 patterns.0.failures must be an integer from 2 to 1000, not 1',
      'a.yaml:7 patterns.0.withinMs must be an integer from 1000 to 3600000, not "1m"',
      'a.yaml:13 patterns.1.minutes is no field here; there are kind, id, class, clearAfterMs, failures, withinMs, channels',
      'a.yaml:11 patterns.1.failures must be an integer from 1 to 1000, not 2.5',
      'a.yaml:12 patterns.1.withinMs must be an integer from 1000 to 3600000, not 999',
      'a.yaml:8 patterns.1.channels is missing: it must be an integer from 1 to 100',
      'a.yaml:14 patterns.2.class must be one of: alarm, attention, not ["alarm"]',
      'a.yaml:14 patterns.2.clearAfterMs must be an integer from 0 to 3600000, not -1',
      'a.yaml:14 patterns.2.rate must be a number above 0 and below 1, not 5',
      'a.yaml:14 patterns.2.outcomes must be an integer from 1 to 1000000000, not 0',
      expect.stringMatching(
        /^a.yaml:15 patterns.3.kind is missing: it must be one of: consecutive, sustained/,
      ),
      'a.yaml:16 patterns.4 must be a pattern, such as { id: …, kind: …, class: … }',
      'a.yaml:14 patterns.2.id must be unique; "twice" is another pattern\'s',
    ]);
  });

  it.each([
    ['', /^a.yaml:1 patterns must be a list/],
    ['patterns: {}', /^a.yaml:1 patterns must be a list/],
    ['patterns: [a, [b]', /^a.yaml:1 Flow sequence/],
    ['patterns: []\npatterns: []', /^a.yaml:2 Map keys must be unique/],
    ['patterns: [*nowhere]', /^a.yaml:1 /],
    ['patterns: []\n---\npatterns: []', /^a.yaml:2 begins a second YAML document; .* remove this `---`/],
    [`patterns: [${'{ id: a },'.repeat(33)}]`, /^a.yaml:1 patterns must be a list of at most 32/],
  ])('is refused as %j', (text, error) => {
    expect(errorsIn(text)).toEqual([expect.stringMatching(error)]);
  });

  it('in UTF-16 is refused by that name', () => {
    expect(() => parseAlarmFile(Buffer.from('\ufeffpatterns: []', 'utf16le'), 'a.yaml')).toThrow(
      'a.yaml:1 is UTF-16; save it as UTF-8',
    );
  });

  it('that is not there is named', async () => {
    await expect(loadAlarmFile('/nowhere/alarms.yaml')).rejects.toThrow(
      /^SUNDIAL_ALARMS_FILE="\/nowhere\/alarms.yaml" cannot be read/,
    );
  });
});
