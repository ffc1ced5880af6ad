import { type InputFault, said } from '@sundial/contract';
import type { BodyTemplate, CloudEvent } from '@sundial/ledger';

/** `{{id}}`, `{{type}}`, `{{data.subject.user}}`. */
const FIELD = /\{\{\s*([A-Za-z][\w-]*(?:\.[\w-]+){0,5})\s*\}\}/g;

const EXAMPLE = '{{data.used}}';

/** The body that a receiver gets in place of the event. A field that the event has not is empty. */
export function rendered({ contentType, body }: BodyTemplate, event: CloudEvent): string {
  const escape = ESCAPES[contentType];
  return body.replace(FIELD, (_whole, path: string) => escape(textAt(event, path.split('.'))));
}

/** Why a template cannot be used; undefined: it can. */
export function templateFault(template: BodyTemplate): InputFault | undefined {
  const left = template.body.replace(FIELD, '');
  if (left.includes('{{')) return said('template-field', { open: '{{', example: EXAMPLE });
  if (template.contentType !== 'application/json') return undefined;
  try {
    // Outside a string, a value that a caller chose could add fields of its own.
    JSON.parse(template.body.replace(FIELD, 'field'));
    return undefined;
  } catch {
    return said('template-json', { example: EXAMPLE });
  }
}

const ESCAPES: Readonly<Record<BodyTemplate['contentType'], (text: string) => string>> = {
  'application/json': (text) => JSON.stringify(text).slice(1, -1),
  'application/x-www-form-urlencoded': (text) => encodeURIComponent(Buffer.from(text).toString()),
  'text/plain': (text) => text,
};

function textAt(event: CloudEvent, path: readonly string[]): string {
  let value: unknown = event;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return '';
    value = (value as Record<string, unknown>)[name];
  }
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
