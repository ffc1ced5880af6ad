import { INPUT_SENTENCES } from './input-sentences.js';

export type InputErrorCode = keyof typeof INPUT_SENTENCES;

/** What is wrong, without where. */
export interface InputFault {
  /** In a sentence, with what would be right. */
  readonly message: string;
  /** Which sentence it is, of `INPUT_SENTENCES`; absent where it is of none. A newer service may have further ones. */
  readonly code?: string;
  /**
   * The values in the sentence, by name. Beside them `got` is the value that does not do, as sentences quote it, and null where
   * there is none.
   */
  readonly params?: Readonly<Record<string, string | number | null>>;
}

/** One thing wrong with an input: where (dotted path, `limits.0.max`) and what, in a sentence. */
export interface InputError extends InputFault {
  readonly path: string;
}

type Names<Text extends string> = Text extends `${string}{{${infer Name}}}${infer Rest}`
  ? Name | Names<Rest>
  : never;
type Params<Code extends InputErrorCode> = Readonly<
  Record<Names<(typeof INPUT_SENTENCES)[Code]>, string | number>
>;

/** The sentence of a code, with its values. */
export function said<Code extends InputErrorCode>(
  code: Code,
  ...[params]: Names<(typeof INPUT_SENTENCES)[Code]> extends never ? [] : [Params<Code>]
): InputFault {
  const values: Readonly<Record<string, string | number>> = params ?? {};
  const message = INPUT_SENTENCES[code].replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name]));
  return { message, code, ...(params !== undefined && { params: values }) };
}

/** The same of a value that does not do: `got` is what stands there, as a sentence quotes it, or null where nothing does. */
export function saidOf({ message, code, params }: InputFault, got: string | null): InputFault {
  return {
    message: got === null ? `is missing; it ${message}` : `${message}, not ${got}`,
    ...(code !== undefined && { code }),
    params: { ...params, got },
  };
}
