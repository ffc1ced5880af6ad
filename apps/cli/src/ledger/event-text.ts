import type { Amounts, Subject, WindowSpec, WindowUnit } from '@sundial/contract';
import { amountsText, subjectText, windowText } from '../command/words.js';

/** One line of the ledger, as the service shows it. */
export interface ShownEvent {
  readonly at: string;
  readonly node: string;
  readonly kind: string;
  readonly outcome: string;
  readonly count?: number;
  readonly resource?: string;
  readonly subject?: Subject;
  readonly operationId?: string;
  readonly actor?: string;
  readonly [field: string]: unknown;
}

interface ShownLimit {
  readonly rule: string;
  readonly window: WindowUnit | WindowSpec;
  readonly meter?: string;
  readonly max: number | null;
  readonly used: number;
  readonly reserved: number;
}

/** Columns of their own, or of use to programs alone. */
const OTHERWISE_SHOWN = [
  ...[
    'id',
    'at',
    'node',
    'kind',
    'outcome',
    'resource',
    'subject',
    'operationId',
    'actor',
    'before',
    'after',
    'answered',
  ],
  ...['requestId', 'traceId', 'reservation', 'contentHash', 'target', 'scope'],
];

/** What is known of an event beside its kind, in a line. */
export function detailsOf(event: ShownEvent): string {
  const fields = Object.entries(event).filter(([name]) => !OTHERWISE_SHOWN.includes(name));
  return fields
    .map(([name, value]) => detail(name, value))
    .filter((text) => text !== '')
    .join(', ');
}

function detail(name: string, value: unknown): string {
  if (value === null || value === undefined || value === false) return '';
  const inWords = DETAILS[name];
  if (inWords !== undefined) return inWords(value);
  return value === true ? name : `${name} ${inline(value)}`;
}

const DETAILS: Readonly<Record<string, (value: unknown) => string>> = {
  count: (value) => `× ${String(value)}`,
  amounts: (value) => amountsText(value as Amounts),
  committed: (value) => `committed ${amountsText(value as Amounts)}`,
  overage: (value) => `overage ${amountsText(value as Amounts)}`,
  limits: (value) => (value as readonly ShownLimit[]).map(limitText).join(', '),
  asked: (value) => `asked for ${fieldsText(value)}`,
  degraded: degradedText,
  reason: inline,
  rulesVersion: (value) => `rules version ${String(value)}`,
  latencyMs: (value) => `${String(value)} ms`,
};

function fieldsText(value: unknown): string {
  return Object.entries(value as object)
    .map(([name, each]) => `${name} ${inline(each)}`)
    .join(', ');
}

/** Why a node decided without the store. */
export function degradedText(value: unknown): string {
  const { cause, policy } = (value ?? {}) as Readonly<Partial<Record<'cause' | 'policy', string>>>;
  return cause === undefined ? 'degraded' : `degraded: ${cause}, policy ${policy ?? '-'}`;
}

function limitText({ rule, window, meter, max, used, reserved }: ShownLimit): string {
  const units = meter === undefined || meter === 'units' ? '' : ` ${meter}`;
  const held = reserved > 0 ? ` (+${reserved} held)` : '';
  return `${rule} ${used}${held}/${max ?? 'unlimited'}${units} a ${windowText(window)}`;
}

/** What an admin write was on: `rule=ocr`, `resource=ocr user=u1`. */
export function targetOf({ target, resource, subject }: ShownEvent): string {
  const named = target ?? { ...(resource !== undefined && { resource }), ...(subject && { subject }) };
  if (typeof named !== 'object' || named === null) return inline(named);
  return Object.entries(named)
    .map(([name, value]) => (name === 'subject' ? subjectText(value as Subject) : `${name}=${inline(value)}`))
    .join(' ');
}

/** What was changed: the fields that differ. */
export function changeOf({ before, after }: ShownEvent): string {
  const [old, next] = [before, after].map((value) =>
    typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined,
  );
  if (!old || !next) return '';
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])].filter(
    (name) => !UNTELLING.includes(name),
  );
  return names
    .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(next[name]))
    .map((name) => `${name}: ${inline(old[name])} → ${inline(next[name])}`)
    .join('; ');
}

const UNTELLING = ['setAt', 'setBy', 'reason'];

function inline(value: unknown): string {
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
