import { StoreError } from '../../store.js';
import {
  decodeOverride,
  encodeOverride,
  type KeptOverride,
  type LimitOverride,
  type OverrideKeeper,
  type OverridePart,
  type OverridesAsked,
  type OverrideWrite,
} from '../../overrides.js';
import { OverrideFile, type OverrideLine } from './override-file.js';

/** Overrides of one process at most: each is a few objects on the heap. */
const MAX_OVERRIDES = 200_000;

interface Entry {
  readonly rule: string;
  readonly name: string;
  readonly override: KeptOverride;
}

/** Overrides in the memory of the process, and in a file of their own: each is on disk before it is in force. */
export class MemoryOverrides implements OverrideKeeper {
  readonly #byKey = new Map<string, Entry>();
  /** The names of each rule, sorted when they are listed. */
  readonly #names = new Map<string, { readonly all: Set<string>; sorted?: readonly string[] | undefined }>();
  readonly #file: OverrideFile | undefined;

  private constructor(file: OverrideFile | undefined, lines: readonly OverrideLine[]) {
    this.#file = file;
    for (const line of lines) this.#put(line);
  }

  /** @throws Error that names the file, when it cannot be used. */
  static async open(directory: string | undefined): Promise<MemoryOverrides> {
    if (directory === undefined) return new MemoryOverrides(undefined, []);
    const { file, lines } = await OverrideFile.open(directory);
    return new MemoryOverrides(file, lines);
  }

  /** Whether a limit of a counter has one at this instant; `undefined` in nearly all cases, and soon. */
  of(key: string, field: string, now: number): LimitOverride | undefined {
    if (this.#byKey.size === 0) return undefined;
    const terms = this.#byKey.get(key)?.override.terms;
    if (terms === undefined || now < (terms.from ?? -Infinity) || now >= (terms.until ?? Infinity))
      return undefined;
    return terms.limits.get(field);
  }

  async write(rule: string, writes: readonly OverrideWrite[]): Promise<readonly (string | undefined)[]> {
    const added = writes.filter(({ override, counter: { key } }) => override && !this.#byKey.has(key));
    if (this.#byKey.size + added.length > MAX_OVERRIDES)
      throw new StoreError(`One process keeps ${MAX_OVERRIDES} overrides at most`, 'not-executed');
    const lines = writes.map(({ counter: { key }, name, override }): OverrideLine => ({
      ...{ rule, name, key },
      record: override === undefined ? null : encodeOverride(override),
    }));
    await this.#file?.append(lines, () => this.#all());
    return lines.map((line) => this.#put(line));
  }

  async list(rule: string, { prefix, after = '', count }: OverridesAsked): Promise<OverridePart> {
    const names = this.#sorted(rule).filter(([name]) => name.startsWith(prefix) && name > after);
    const overrides = names
      .slice(0, count)
      .map(([name, key]) => [name, this.#byKey.get(key)?.override.text ?? ''] as const);
    return names.length > count ? { overrides, next: overrides.at(-1)?.[0] } : { overrides };
  }

  close(): Promise<void> | undefined {
    return this.#file?.close();
  }

  #sorted(rule: string): readonly (readonly [name: string, key: string])[] {
    const its = this.#names.get(rule);
    if (its === undefined) return [];
    its.sorted ??= [...its.all].sort();
    return its.sorted.map((text) => text.split('\n') as [string, string]);
  }

  /** Returns the text that was there. */
  #put({ rule, name, key, record }: OverrideLine): string | undefined {
    const before = this.#byKey.get(key)?.override.text;
    const override = record === null ? undefined : decodeOverride(record);
    const its = this.#names.get(rule) ?? { all: new Set() };
    this.#names.set(rule, its);
    its.sorted = undefined;
    if (override === undefined) {
      this.#byKey.delete(key);
      its.all.delete(`${name}\n${key}`);
    } else {
      this.#byKey.set(key, { rule, name, override });
      its.all.add(`${name}\n${key}`);
    }
    return before;
  }

  *#all(): Generator<OverrideLine> {
    for (const [key, { rule, name, override }] of this.#byKey)
      yield { rule, name, key, record: encodeOverride(override) };
  }
}
