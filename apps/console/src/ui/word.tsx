import { useTranslation } from 'react-i18next';

/** What a word of the API is called; the word itself where it has no name here. */
export function useWord(): (word: string) => string {
  const { t, i18n } = useTranslation();
  return (word) => (i18n.exists(`word_${word}`) ? t(`word_${word}`) : word);
}

/** A word of the API by its name; its title is the word as scripts and logs have it. */
export function Word({ of }: { readonly of: string }) {
  const word = useWord();
  return <span title={of}>{word(of)}</span>;
}
