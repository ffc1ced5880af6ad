import { MAX_UNITS } from '@sundial/contract';
import type { CounterRef, LimitCount } from './counter-ref.js';

/** What an override says of one limit: its max, null for none, or units on top of what would hold. */
export type LimitOverride = { readonly until?: number } & (
  { readonly set: number | null } | { readonly add: number }
);

/** What stores keep of an override, and enforce by their own clock: `[from, until)`, epoch milliseconds. */
export interface OverrideTerms {
  readonly from?: number | undefined;
  readonly until?: number | undefined;
  /** By the limits' fields. */
  readonly limits: ReadonlyMap<string, LimitOverride>;
}

/** One that is written, in the place of the one that the counter had. */
export interface OverrideWrite {
  readonly counter: CounterRef;
  /** What names the subject among those of the rule; it begins with what listings can be asked for. */
  readonly name: string;
  /** Absent: it is removed. */
  readonly override?: KeptOverride | undefined;
}

export interface KeptOverride {
  readonly terms: OverrideTerms;
  /** What no store reads: the override as it is shown. */
  readonly text: string;
}

/** A part of the overrides of a rule, in the order of their names. */
export interface OverridePart {
  /** Of each: its name, and its text. */
  readonly overrides: readonly (readonly [name: string, text: string])[];
  /** The last name that was looked at; absent where there are no more. */
  readonly next?: string | undefined;
}

/**
 * Keeps the overrides of subjects beside their counters. The store that decides reads them: each is in force for the next
 * take, on every node. A subject has one of a rule. Every verb rejects with a `StoreError` when the store could not be asked.
 */
export interface OverrideKeeper {
  /**
   * Resolves when all are in force, with the texts that were there before. Where it rejects, some of them may be.
   */
  write(rule: string, writes: readonly OverrideWrite[]): Promise<readonly (string | undefined)[]>;
  /** At most `count` of those whose names begin with `prefix` and come behind `after`, in an order of the store. */
  list(rule: string, part: OverridesAsked): Promise<OverridePart>;
}

export interface OverridesAsked {
  readonly prefix: string;
  readonly after?: string | undefined;
  readonly count: number;
  /** The key of the counter of the subject with this name. */
  keyOf(name: string): string | undefined;
}

/** A limit's max under an override; null: unlimited. */
export function maxUnder(max: number | null, override: LimitOverride | undefined): number | null {
  if (override === undefined) return max;
  if ('set' in override) return override.set;
  return max === null ? null : Math.min(max + override.add, MAX_UNITS);
}

/** What a store enforces of a limit: `Infinity` where nothing. */
export function enforcedMax({ limit, override }: Pick<LimitCount, 'limit' | 'override'>): number {
  if (override === undefined) return limit.enforced ? limit.max : Infinity;
  if (!limit.enforced && limit.limitable !== true) return Infinity;
  const { max, by } = limit.lowered ?? { max: limit.max, by: 0 };
  return Math.max(0, (maxUnder(limit.enforced ? max : null, override) ?? Infinity) - by);
}

/** The record of an override as stores keep it: a line for them, then the text that they don't read. */
export function encodeOverride({ terms: { from, until, limits }, text }: KeptOverride): string {
  const fields = [...limits].map(([field, override]) => `${field}=${wordOf(override)}`);
  return `${instantText(from)} ${instantText(until)} ${fields.join(',')}\n${text}`;
}

/** What a record holds; undefined where it is none. */
export function decodeOverride(record: string): KeptOverride | undefined {
  const [, from, until, fields] = RECORD.exec(record) ?? [];
  if (from === undefined || until === undefined || fields === undefined) return undefined;
  const end = until === NONE ? '' : `@${until}`;
  const limits = fields.split(',').map((entry): [string, LimitOverride] => {
    const at = entry.lastIndexOf('=');
    return [entry.slice(0, at), overrideOfWord(entry.slice(at + 1) + end)];
  });
  const terms = { from: instantOf(from), until: instantOf(until), limits: new Map(limits) };
  return { terms, text: textOfRecord(record) };
}

/** The text in a record. */
export function textOfRecord(record: string): string {
  return record.slice(record.indexOf('\n') + 1);
}

/** What a store answers of one limit: `s100@mwqz1a80`, `a20`, `u`. */
export function overrideOfWord(word: string): LimitOverride {
  const [what = '', end] = word.split('@');
  const units = Number(what.slice(1));
  const until = end === undefined ? undefined : { until: parseInt(end, 36) };
  if (what.startsWith('a')) return { add: units, ...until };
  return { set: what === UNLIMITED_WORD ? null : units, ...until };
}

/** To the base 36. */
export function instantText(instant: number | undefined): string {
  return instant === undefined ? NONE : Math.floor(instant).toString(36);
}

function wordOf(override: LimitOverride): string {
  if ('add' in override) return `a${override.add}`;
  return override.set === null ? UNLIMITED_WORD : `s${override.set}`;
}

function instantOf(text: string): number | undefined {
  return text === NONE ? undefined : parseInt(text, 36);
}

const RECORD = /^(-|-?[0-9a-z]+) (-|-?[0-9a-z]+) ([^\n]*)/;
const NONE = '-';
const UNLIMITED_WORD = 'u';
