import { describe, expect, it } from '@jest/globals';
import { QuotaError } from '@sundial/contract';
import { loadRuleFile, parseRuleFile } from './rule-file.js';

function refusalOf(text: string): QuotaError {
  try {
    parseRuleFile(text, 'rules.yaml');
  } catch (error) {
    if (error instanceof QuotaError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

const RULE = '{ id: a, resource: ocr, per: [user], limits: [{ window: day, max: 1 }] }';

describe('a start-up file', () => {
  it('gives its rules in its order', () => {
    const rules = parseRuleFile(`rules:\n  - ${RULE}\n  - ${RULE.replace('id: a', 'id: A')}\n`, 'rules.yaml');
    expect(rules.map(({ id, mode }) => [id, mode])).toEqual([
      ['a', 'enforce'],
      ['A', 'enforce'],
    ]);
  });

  it('may hold no rules, but says so', () => {
    expect(parseRuleFile('rules: []', 'rules.yaml')).toEqual([]);
    for (const text of ['', '# rules\n', 'rules:', 'rules: { a: 1 }', '- a', 'limits: []', '"rules"']) {
      expect(refusalOf(text).errors).toMatchObject([
        { path: 'rules', message: expect.stringContaining('list') },
      ]);
    }
  });

  it('reads YAML 1.2: a word is a word, and no key merges another', () => {
    const text = `rules:\n  - ${RULE.replace('id: a', 'id: no').replace('ocr', 'yes')}`;
    expect(parseRuleFile(text, 'rules.yaml')).toMatchObject([{ id: 'no', resource: 'yes' }]);
    const merged = `rules:\n  - &a ${RULE}\n  - { <<: *a, id: b }`;
    expect(refusalOf(merged).errors.map(({ path }) => path)).toContain('rules.1."<<"');
  });

  it('names itself and lists every error of every rule with its line', () => {
    const error = refusalOf(
      [
        'rules:',
        '  - id: a',
        '    resource: ocr',
        '    per: [user]',
        '    limits:',
        '      - { window: day, max: "3" }',
        '      - window: fortnight',
        '        max: 1e400',
        `  - ${RULE}`,
        `  - ${RULE}`,
        '  - just text',
        'limits: []',
      ].join('\n'),
    );
    const located = error.errors.map(({ path, message }) => [path, /\(line (\d+)\)$/.exec(message)?.[1]]);
    expect(located).toEqual([
      ['limits', '12'],
      ['rules.0.limits.0.max', '6'],
      ['rules.0.limits.1.window', '7'],
      ['rules.0.limits.1.max', '8'],
      ['rules.2.id', '10'],
      ['rules.3', '11'],
    ]);
    expect(error.message).toMatch(/^The rules in rules\.yaml are not valid:\n {2}limits: /);
    expect(error.message.split('\n')).toHaveLength(7);
  });

  it('points a missing field out at the rule it is missing from', () => {
    const error = refusalOf(
      `rules:\n  - ${RULE}\n  - id: b\n    per: []\n    limits: [{ window: day, max: 1 }]`,
    );
    expect(error.errors).toMatchObject([
      { path: 'rules.1.resource', message: expect.stringMatching(/^is missing; .* \(line 3\)$/) },
    ]);
  });

  it.each([
    ['no YAML', 'rules:\n  - id: [a\n'],
    ['a key given twice', 'rules: []\nrules: []'],
    ['two documents', 'rules: []\n---\nrules: []'],
    ['an unknown tag', 'rules: !!js/function "f"'],
    ['a tab', 'rules:\n\t- a'],
  ])('refuses %s, with the line', (_what, text) => {
    const { errors } = refusalOf(text);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors[0]?.message).toMatch(/\(line \d+\)$/);
  });

  it('says what an operator can do about two documents', () => {
    expect(refusalOf('rules: []\n---\nrules: []').errors).toMatchObject([
      {
        path: '',
        message:
          'begins a second YAML document; a file holds one: remove this `---`, or all before or behind it (line 2)',
      },
    ]);
    expect(parseRuleFile(`---\nrules:\n  - ${RULE}\n`, 'rules.yaml')).toHaveLength(1);
  });

  // Editors on Windows write it, and what it was called was "a map value that is not allowed here".
  it.each([
    ['UTF-16 with a mark', Buffer.from('\ufeffrules: []', 'utf16le'), 'is UTF-16; save it as UTF-8'],
    ['UTF-16 without one', Buffer.from('rules: []', 'utf16le'), 'is UTF-16; save it as UTF-8'],
    [
      'UTF-16 in the other order',
      Buffer.from('\ufeffrules: []', 'utf16le').swap16(),
      'is UTF-16; save it as UTF-8',
    ],
    ['Latin-1', Buffer.from('rules: [] # für', 'latin1'), 'is not UTF-8; save it as UTF-8'],
  ])('refuses %s by its name', (_what, bytes, message) => {
    expect(() => parseRuleFile(bytes, 'rules.yaml')).toThrow(
      `The rules in rules.yaml are not valid:\n  the file: ${message}`,
    );
  });

  it('may begin with the mark of UTF-8', () => {
    expect(parseRuleFile(Buffer.from(`\ufeffrules: [${RULE}]`), 'rules.yaml')).toHaveLength(1);
  });

  it('lifts a limit by a null that is written, and never by a value that is missing', () => {
    for (const written of ['null', '~'])
      expect(
        parseRuleFile(`rules: [${RULE.replace('max: 1', `max: ${written}`)}]`, 'rules.yaml'),
      ).toMatchObject([{ limits: [{ window: 'day', max: null }] }]);
    const text = `rules:\n  - id: a\n    resource: ocr\n    per: []\n    limits:\n      - window: day\n        max:\n`;
    expect(refusalOf(text).errors).toMatchObject([
      {
        path: 'rules.0.limits.0.max',
        message: 'is empty; write a whole number, or null for no limit (line 7)',
      },
    ]);
  });

  it('refuses aliases that multiply', () => {
    const levels = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n}, `.repeat(9)}]`);
    const error = refusalOf(`l0: &l0 [lol]\n${levels.join('\n')}\nrules: []`);
    expect(error.message).toContain('by more than 100 aliases');
  });

  it('refuses what nests without end, or is too large', () => {
    for (const open of ['[', '{ a: ', '- ']) {
      expect(refusalOf(`rules: ${open === '- ' ? '\n' : ''}${open.repeat(10_000)}`).code).toBe(
        'invalid-rule',
      );
    }
    const deep = `rules: [{ id: a, onDeny: ${'['.repeat(500)}${']'.repeat(500)} }]`;
    expect(refusalOf(deep).errors.map(({ path }) => path)).toContain('rules.0.onDeny');
    expect(refusalOf(`rules: [] # ${'x'.repeat(8 * 1024 * 1024)}`).message).toContain('bytes');
  });

  it('is named when it cannot be read', async () => {
    await expect(loadRuleFile('/no/such/rules.yaml')).rejects.toThrow(/\/no\/such\/rules\.yaml.*\n.*ENOENT/);
  });
});

describe('the sample rules', () => {
  it('are valid, and limit OCR to ten a day and three an hour', async () => {
    const rules = await loadRuleFile(new URL('../../../../config/rules.yaml', import.meta.url).pathname);
    expect(rules.filter(({ resource }) => resource === 'ocr')).toEqual([
      expect.objectContaining({
        id: 'ocr-per-user',
        per: ['user'],
        timeZone: 'Asia/Shanghai',
        limits: [
          { window: 'day', max: 10 },
          { window: 'hour', max: 3 },
        ],
        mode: 'enforce',
        degrade: 'local',
        onDeny: expect.objectContaining({ code: 'OCR_LIMIT', action: 'recharge-vip', params: {} }),
      }),
    ]);
    expect(rules.map(({ per }) => per.length)).toEqual(expect.arrayContaining([0, 1, 2]));
    expect(rules.map(({ mode }) => mode)).toContain('observe');
  });
});
