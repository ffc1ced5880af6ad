import { readFile } from 'node:fs/promises';
import { getMetadataStorage, validateSync } from 'class-validator';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { ConfigurationError } from '../../settings/settings.js';
import { PATTERN_KINDS, PatternHead, type AlarmPattern, type PatternKind } from './alarm-pattern.js';

/** Every channel is watched for all of them. */
const MAX_PATTERNS = 32;
const SHOWN_CHARACTERS = 60;

/**
 * Reads a file of alarm patterns: YAML 1.2 with one list, `patterns`.
 * @throws ConfigurationError that lists every mistake of every pattern with its line.
 */
export async function loadAlarmFile(path: string): Promise<readonly AlarmPattern[]> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new ConfigurationError([
      `SUNDIAL_ALARMS_FILE=${JSON.stringify(path)} cannot be read (${cause.message})`,
    ]);
  });
  return parseAlarmFile(text, path);
}

/** `loadAlarmFile` for a text already read; `path` is only named in errors. */
export function parseAlarmFile(text: string, path: string): readonly AlarmPattern[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { merge: false, prettyErrors: false, lineCounter: lines });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new ConfigurationError(
      faults.map(({ pos, message }) => `${path}:${lines.linePos(pos[0]).line} ${message}`),
    );
  }
  const { patterns, mistakes } = read(contentOf(document, path));
  if (mistakes.length === 0) return patterns;
  throw new ConfigurationError(
    mistakes.map(({ at, message }) => `${path}:${lineOf(document, lines, at)} ${at.join('.')} ${message}`),
  );
}

/** An alias that leads nowhere, or to too much, is found only here. */
function contentOf(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new ConfigurationError([`${path}:1 ${error instanceof Error ? error.message : String(error)}`]);
  }
}

interface Mistake {
  readonly at: readonly (string | number)[];
  readonly message: string;
}

function read(content: unknown): {
  readonly patterns: readonly AlarmPattern[];
  readonly mistakes: readonly Mistake[];
} {
  const list = isRecord(content) ? content['patterns'] : undefined;
  if (!isRecord(content) || !Array.isArray(list) || list.length > MAX_PATTERNS) {
    const message = `must be a list of at most ${MAX_PATTERNS} patterns; write \`patterns: []\` for none`;
    return { patterns: [], mistakes: [{ at: ['patterns'], message }] };
  }
  const unknown = unknownFields(content, ['patterns'], []);
  const wrong = list.flatMap((entry: unknown, index) => mistakesIn(entry, ['patterns', index]));
  const mistakes = [...unknown, ...wrong, ...repeatedIds(list)];
  return { patterns: mistakes.length > 0 ? [] : list.map(patternOf), mistakes };
}

function mistakesIn(entry: unknown, at: Mistake['at']): readonly Mistake[] {
  if (!isRecord(entry)) return [{ at, message: 'must be a pattern, such as { id: …, kind: …, class: … }' }];
  const { kind } = entry;
  const head = wrongFields(PatternHead, entry, at);
  if (!isKind(kind)) {
    const kinds = Object.keys(PATTERN_KINDS).join(', ');
    return [{ at: [...at, 'kind'], message: complain(`must be one of: ${kinds}`, kind) }, ...head];
  }
  const { terms } = PATTERN_KINDS[kind];
  const known = ['kind', ...fieldsOf(PatternHead), ...fieldsOf(terms)];
  return [...unknownFields(entry, known, at), ...head, ...wrongFields(terms, entry, at)];
}

function patternOf(entry: Record<string, unknown>): AlarmPattern {
  const kind = entry['kind'] as PatternKind;
  const head = fill(PatternHead, entry);
  const terms = fill<object>(PATTERN_KINDS[kind].terms, entry);
  return { kind, ...head, ...terms } as AlarmPattern;
}

function wrongFields(definition: new () => object, entry: Record<string, unknown>, at: Mistake['at']) {
  const errors = validateSync(fill(definition, entry), { forbidUnknownValues: false });
  return errors.flatMap(({ property, value, constraints = {} }): Mistake[] =>
    Object.values(constraints).map((message) => ({
      at: [...at, property],
      message: complain(message, value),
    })),
  );
}

function unknownFields(
  entry: Record<string, unknown>,
  known: readonly string[],
  at: Mistake['at'],
): Mistake[] {
  return Object.keys(entry)
    .filter((field) => !known.includes(field))
    .map((field) => ({ at: [...at, field], message: `is no field here; there are ${known.join(', ')}` }));
}

function repeatedIds(list: readonly unknown[]): Mistake[] {
  const ids = list.map((entry) => (isRecord(entry) ? entry['id'] : undefined));
  return ids.flatMap((id, index) =>
    id !== undefined && ids.indexOf(id) < index
      ? [{ at: ['patterns', index, 'id'], message: `must be unique; ${show(id)} is another pattern's` }]
      : [],
  );
}

function fieldsOf(definition: new () => object): readonly string[] {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(definition, '', false, false);
  return [...new Set(metadata.map(({ propertyName }) => propertyName))];
}

/** The definition with its defaults, and of the entry only the fields it has. */
function fill<T extends object>(definition: new () => T, entry: Record<string, unknown>): T {
  const given = fieldsOf(definition).filter((field) => entry[field] !== undefined);
  return Object.assign(new definition(), Object.fromEntries(given.map((field) => [field, entry[field]])));
}

/** The line of the innermost thing a path names; a missing field is told by what it is missing from. */
function lineOf(document: Document, lines: LineCounter, at: Mistake['at']): number {
  for (let steps = at.length; steps > 0; steps--) {
    const node = document.getIn(at.slice(0, steps), true) as { range?: readonly number[] } | undefined;
    const start = node?.range?.[0];
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
}

function complain(requirement: string, value: unknown): string {
  return value === undefined ? `is missing: it ${requirement}` : `${requirement}, not ${show(value)}`;
}

function show(value: unknown): string {
  return JSON.stringify(value).slice(0, SHOWN_CHARACTERS);
}

function isKind(value: unknown): value is PatternKind {
  return typeof value === 'string' && Object.hasOwn(PATTERN_KINDS, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
