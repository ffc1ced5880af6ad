import { useTranslation } from 'react-i18next';
import type { Schemas } from '../api/types.ts';
import { findingText, inputText } from '../text/zh/said-text.ts';

interface Shown {
  readonly text: string;
  /** Where it is not the page's. */
  readonly lang?: 'en';
}

/** What the service says of an input, in the reader's language; in its own words where the console has none. */
export function useInputText(): (error: Schemas['InputError']) => Shown {
  const { i18n } = useTranslation();
  return (error) => inLanguage(i18n.language, error.message, () => inputText(error));
}

/** The same of what it finds about its store and its files. */
export function useFindingText(): (finding: Schemas['Condition']) => Shown {
  const { i18n } = useTranslation();
  return (finding) => inLanguage(i18n.language, finding.sentence, () => findingText(finding));
}

function inLanguage(language: string, english: string, inChinese: () => string | undefined): Shown {
  if (language !== 'zh') return { text: english };
  const text = inChinese();
  return text === undefined ? { text: english, lang: 'en' } : { text };
}
