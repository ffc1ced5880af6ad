import { useTranslation } from 'react-i18next';
import { inputText, type SaidInput } from '../text/zh/input-text.ts';

/** What the service says of an input in the reader's language, with the language it is in: its own words where the console has none. */
export function useInputText(): (error: SaidInput) => { readonly text: string; readonly lang?: 'en' } {
  const { i18n } = useTranslation();
  return (error) => {
    const text = i18n.language === 'zh' ? inputText(error) : error.message;
    return text === undefined ? { text: error.message, lang: 'en' } : { text };
  };
}
