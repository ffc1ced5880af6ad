import { findings } from './findings.js';
import { inputs, notAsIs, notGiven } from './inputs.js';

/** A sentence of the service by its code. */
export interface Said {
  readonly code?: string;
  readonly params?: Values;
}

type Values = Readonly<Record<string, string | number | null>>;

/** What is wrong with an input, in Chinese; undefined where the console knows no such sentence. */
export function inputText({ code = '', params = {} }: Said): string | undefined {
  const { got, ...values } = params;
  const text = filled(inputs[code], values);
  if (text === undefined || got === undefined) return text;
  return filled(got === null ? notGiven : notAsIs, { sentence: text, got });
}

/** What the service finds, in Chinese; undefined where the console knows no such sentence. */
export function findingText({ code = '', params = {} }: Said): string | undefined {
  return filled(findings[code], params);
}

function filled(sentence: string | undefined, values: Values): string | undefined {
  return sentence?.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name] ?? ''));
}
