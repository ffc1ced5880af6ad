import { FINDING_SENTENCES } from './finding-sentences.js';
import { INPUT_SENTENCES } from './input-sentences.js';

export type InputErrorCode = keyof typeof INPUT_SENTENCES;
export type FindingCode = keyof typeof FINDING_SENTENCES;

/** Which sentence something is, for programs that say it in another language. */
export interface Said {
  /** Absent where it is of no table. It stays; a newer service may have further ones. */
  readonly code?: string;
  /** The values in the sentence, by name. */
  readonly params?: Readonly<Record<string, string | number | null>>;
}

/**
 * What is wrong with an input, without where. `code` is of `INPUT_SENTENCES`; beside the values of the sentence its `params` have
 * `got`: the value that does not do, as sentences quote it, and null where there is none.
 */
export interface InputFault extends Said {
  /** In a sentence, with what would be right. */
  readonly message: string;
}

/** One thing wrong with an input: where (dotted path, `limits.0.max`) and what, in a sentence. */
export interface InputError extends InputFault {
  readonly path: string;
}

/** A finding in a sentence, with what to change. `code` is of `FINDING_SENTENCES`. */
export interface SaidFinding extends Said {
  readonly sentence: string;
}

type Values = Readonly<Record<string, string | number>>;
type Names<Text extends string> = Text extends `${string}{{${infer Name}}}${infer Rest}`
  ? Name | Names<Rest>
  : never;
type Params<Text extends string> =
  Names<Text> extends never ? [] : [params: Readonly<Record<Names<Text>, string | number>>];

/** What is wrong with an input, by its code, with the values of the sentence. */
export function said<Code extends InputErrorCode>(
  code: Code,
  ...[params]: Params<(typeof INPUT_SENTENCES)[Code]>
): InputFault {
  return { message: filled(INPUT_SENTENCES[code], params), code, ...(params && { params }) };
}

/** The same of a value that does not do: `got` is what stands there, as a sentence quotes it, or null where nothing does. */
export function saidOf({ message, code, params }: InputFault, got: string | null): InputFault {
  return {
    message: got === null ? `is missing; it ${message}` : `${message}, not ${got}`,
    ...(code !== undefined && { code }),
    params: { ...params, got },
  };
}

/** A finding by its code, with the values of the sentence. */
export function saidFinding<Code extends FindingCode>(
  code: Code,
  ...[params]: Params<(typeof FINDING_SENTENCES)[Code]>
): SaidFinding {
  return { sentence: filled(FINDING_SENTENCES[code], params), code, ...(params && { params }) };
}

function filled(sentence: string, values: Values = {}): string {
  return sentence.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name]));
}
