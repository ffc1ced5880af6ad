import { describe, expect, it } from '@jest/globals';
import { cloudEvent } from '@sundial/ledger';
import { rendered, templateFault } from './body-template.js';

const event = cloudEvent({
  ...{ id: 'e1', type: 'threshold', at: 0, subject: 'ocr' },
  data: { used: 8, subject: { user: '"},"admin":"' }, window: { unit: 'hour', every: 5 }, none: null },
});
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

describe('the body template of a webhook', () => {
  it.each([
    [JSON_TYPE, '{"a":"{{ id }} {{data.used}} {{data.subject.user}}"}', '{"a":"e1 8 \\"},\\"admin\\":\\""}'],
    [JSON_TYPE, '{"a":"{{data.window}}"}', '{"a":"{\\"unit\\":\\"hour\\",\\"every\\":5}"}'],
    [JSON_TYPE, '["{{data.none}}{{data.missing}}{{data.constructor}}{{id.length}}"]', '[""]'],
    [FORM, 'to=1&text={{data.subject.user}}', 'to=1&text=%22%7D%2C%22admin%22%3A%22'],
    ['text/plain', '{{data.used}} of {{subject}}', '8 of ocr'],
  ] as const)('of %s replaces fields of the event, escaped: %s', (contentType, body, expected) => {
    expect(rendered({ contentType, body }, event)).toBe(expected);
  });

  it.each([
    ['{"a":{{data.used}}}', 'inside a string'],
    ['{"a":"{{id}}"', 'must be JSON'],
    ['{"a":"{{"}', 'without a field'],
    ['{"a":"{{1}}"}', 'without a field'],
  ])('of JSON is not %s', (body, message) => {
    expect(templateFault({ contentType: JSON_TYPE, body })?.message).toMatch(message);
  });

  it('of JSON may name fields in its strings', () => {
    const body = '{"text":"{{data.alarm.summary}}"}';
    expect(templateFault({ contentType: JSON_TYPE, body })).toBeUndefined();
  });
});
