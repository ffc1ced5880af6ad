import type { Schemas } from '../../api/types.ts';
import { inputs, notAsIs, notGiven } from './inputs.js';

export type SaidInput = Pick<Schemas['InputError'], 'message' | 'code' | 'params'>;

/** What is wrong with an input, in Chinese; undefined where the console knows no such sentence. */
export function inputText({ code = '', params = {} }: SaidInput): string | undefined {
  const sentence = inputs[code];
  if (sentence === undefined) return undefined;
  const { got, ...values } = params;
  const text = filled(sentence, values);
  if (got === undefined) return text;
  return filled(got === null ? notGiven : notAsIs, { sentence: text, got });
}

function filled(text: string, values: Readonly<Record<string, string | number | null>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ''));
}
