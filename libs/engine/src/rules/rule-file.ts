import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { QuotaError, type InputError } from '../errors.js';
import { parseRule } from './parse-rule.js';
import { isPlainObject, show } from './plain-json.js';
import { MAX_RULES } from './rule-book.js';
import type { Rule } from './rule.js';

const MAX_FILE_BYTES = 8 * 1_024 * 1_024;
/** References a file may make; each may repeat a large part of it. */
const MAX_ALIASES = 100;

/**
 * Reads a start-up file: YAML 1.2 with one list, `rules`, of rules as `RuleDefinition` says.
 * @throws QuotaError `invalid-rule` that names the file and lists every mistake of every rule with its line.
 */
export async function loadRuleFile(path: string): Promise<Rule[]> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw refused(path, [{ path: '', message: `cannot be read (${cause.message})` }]);
  });
  return parseRuleFile(text, path);
}

/** `loadRuleFile` for a text already read; `path` is only named in errors. */
export function parseRuleFile(text: string, path: string): Rule[] {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    throw refused(path, [{ path: '', message: `must be at most ${MAX_FILE_BYTES} bytes` }]);
  }
  const lines = new LineCounter();
  const { document, content } = read(text, path, lines);
  const { rules, mistakes } = rulesIn(content);
  if (mistakes.length === 0) return rules;
  const located = mistakes.map((mistake) => ({ ...mistake, line: lineOf(document, lines, mistake.path) }));
  throw refused(path, located);
}

interface LocatedError extends InputError {
  readonly line?: number | undefined;
}

function refused(path: string, mistakes: readonly LocatedError[]): QuotaError {
  const errors = mistakes.map(({ path: at, message, line }) => ({
    path: at,
    message: line === undefined ? message : `${message} (line ${line})`,
  }));
  const sentences = errors.map(({ path: at, message }) => `\n  ${at === '' ? 'the file' : at}: ${message}`);
  return new QuotaError('invalid-rule', `The rules in ${path} are not valid:${sentences.join('')}`, errors);
}

function read(text: string, path: string, lines: LineCounter): { document: Document; content: unknown } {
  try {
    const document = parseDocument(text, {
      version: '1.2',
      merge: false,
      prettyErrors: false,
      lineCounter: lines,
    });
    const faults = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
      path: '',
      message,
      line: lines.linePos(pos[0]).line,
    }));
    if (faults.length > 0) throw refused(path, faults);
    return { document, content: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch (cause) {
    if (cause instanceof QuotaError) throw cause;
    // The parser recurses: a file that nests without end exhausts the stack, one of too many aliases is refused.
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw refused(path, [{ path: '', message: `cannot be parsed (${reason})` }]);
  }
}

function rulesIn(content: unknown): { rules: Rule[]; mistakes: InputError[] } {
  const list = isPlainObject(content) ? content['rules'] : undefined;
  if (!isPlainObject(content) || !Array.isArray(list)) {
    return {
      rules: [],
      mistakes: [{ path: 'rules', message: 'must be a list of rules; write `rules: []` for none' }],
    };
  }
  const mistakes: InputError[] = Object.keys(content)
    .filter((key) => key !== 'rules')
    .map((key) => ({ path: key, message: 'is not a field of this file; there is rules' }));
  if (list.length > MAX_RULES) {
    mistakes.push({ path: 'rules', message: `must hold at most ${MAX_RULES} rules, not ${list.length}` });
    return { rules: [], mistakes };
  }
  const rules = new Map<string, Rule>();
  for (const [index, entry] of list.entries()) {
    const rule = ruleOrMistakes(entry, `rules.${index}`, mistakes);
    if (rule === undefined) continue;
    if (rules.has(rule.id)) {
      mistakes.push({
        path: `rules.${index}.id`,
        message: `must be unique; ${show(rule.id)} is another rule's`,
      });
    }
    rules.set(rule.id, rule);
  }
  return { rules: [...rules.values()], mistakes };
}

function ruleOrMistakes(entry: unknown, at: string, mistakes: InputError[]): Rule | undefined {
  try {
    return parseRule(entry);
  } catch (error) {
    if (!(error instanceof QuotaError)) throw error;
    mistakes.push(
      ...error.errors.map(({ path, message }) => ({ path: path === '' ? at : `${at}.${path}`, message })),
    );
    return undefined;
  }
}

/** The line of the innermost thing a path names; a missing field is told by what it is missing from. */
function lineOf(document: Document, lines: LineCounter, path: string): number | undefined {
  for (let steps = path.split('.'); steps.length > 0; steps = steps.slice(0, -1)) {
    const node = document.getIn(steps, true) as { range?: readonly number[] | null } | undefined;
    const start = node?.range?.[0];
    if (start !== undefined) return lines.linePos(start).line;
  }
  return undefined;
}
