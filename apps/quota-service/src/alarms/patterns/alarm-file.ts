import { readFile } from 'node:fs/promises';
import { YamlError, YamlText } from '@sundial/engine';
import { getMetadataStorage, validateSync } from 'class-validator';
import { ConfigurationError } from '../../config/settings.js';
import { PATTERN_KINDS, PatternBase, type AlarmPattern, type PatternKind } from './alarm-pattern.js';

/** Every channel is watched for all of them. */
const MAX_PATTERNS = 32;
const SHOWN_CHARACTERS = 60;

/**
 * Reads a file of alarm patterns: YAML 1.2 with one list, `patterns`.
 * @throws ConfigurationError that lists every error of every pattern with its line.
 */
export async function loadAlarmFile(path: string): Promise<readonly AlarmPattern[]> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new ConfigurationError([
      `SUNDIAL_ALARMS_FILE=${JSON.stringify(path)} cannot be read (${cause.message})`,
    ]);
  });
  return parseAlarmFile(bytes, path);
}

/** `loadAlarmFile` for a file already read; `path` is only named in errors. */
export function parseAlarmFile(source: string | Uint8Array, path: string): readonly AlarmPattern[] {
  const yaml = parse(source, path);
  const { patterns, errors } = read(yaml.content);
  if (errors.length === 0) return patterns;
  throw new ConfigurationError(
    errors.map(({ at, message }) => `${path}:${yaml.lineOf(at) ?? 1} ${at.join('.')} ${message}`),
  );
}

function parse(source: string | Uint8Array, path: string): YamlText {
  try {
    return new YamlText(source);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new ConfigurationError(error.faults.map(({ message, line = 1 }) => `${path}:${line} ${message}`));
  }
}

interface ValidationError {
  readonly at: readonly (string | number)[];
  readonly message: string;
}

function read(content: unknown): {
  readonly patterns: readonly AlarmPattern[];
  readonly errors: readonly ValidationError[];
} {
  const list = isRecord(content) ? content['patterns'] : undefined;
  if (!isRecord(content) || !Array.isArray(list) || list.length > MAX_PATTERNS) {
    const message = `must be a list of at most ${MAX_PATTERNS} patterns; write \`patterns: []\` for none`;
    return { patterns: [], errors: [{ at: ['patterns'], message }] };
  }
  const unknown = unknownFields(content, ['patterns'], []);
  const wrong = list.flatMap((entry: unknown, index) => errorsIn(entry, ['patterns', index]));
  const errors = [...unknown, ...wrong, ...repeatedIds(list)];
  return { patterns: errors.length > 0 ? [] : list.map(patternOf), errors };
}

function errorsIn(entry: unknown, at: ValidationError['at']): readonly ValidationError[] {
  if (!isRecord(entry)) return [{ at, message: 'must be a pattern, such as { id: …, kind: …, class: … }' }];
  const { kind } = entry;
  const head = wrongFields(PatternBase, entry, at);
  if (!isKind(kind)) {
    const kinds = Object.keys(PATTERN_KINDS).join(', ');
    return [{ at: [...at, 'kind'], message: messageFor(`must be one of: ${kinds}`, kind) }, ...head];
  }
  const { terms } = PATTERN_KINDS[kind];
  const known = ['kind', ...fieldsOf(PatternBase), ...fieldsOf(terms)];
  return [...unknownFields(entry, known, at), ...head, ...wrongFields(terms, entry, at)];
}

function patternOf(entry: Record<string, unknown>): AlarmPattern {
  const kind = entry['kind'] as PatternKind;
  const head = fill(PatternBase, entry);
  const terms = fill<object>(PATTERN_KINDS[kind].terms, entry);
  return { kind, ...head, ...terms } as AlarmPattern;
}

function wrongFields(
  definition: new () => object,
  entry: Record<string, unknown>,
  at: ValidationError['at'],
) {
  const errors = validateSync(fill(definition, entry), { forbidUnknownValues: false });
  return errors.flatMap(({ property, value, constraints = {} }): ValidationError[] =>
    Object.values(constraints).map((message) => ({
      at: [...at, property],
      message: messageFor(message, value),
    })),
  );
}

function unknownFields(
  entry: Record<string, unknown>,
  known: readonly string[],
  at: ValidationError['at'],
): ValidationError[] {
  return Object.keys(entry)
    .filter((field) => !known.includes(field))
    .map((field) => ({ at: [...at, field], message: `is no field here; there are ${known.join(', ')}` }));
}

function repeatedIds(list: readonly unknown[]): ValidationError[] {
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

function messageFor(requirement: string, value: unknown): string {
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
