import { useTranslation } from 'react-i18next';
import { useWord } from './word.tsx';

interface Spec {
  readonly unit?: string;
  readonly every?: number;
  readonly startsAt?: string;
  readonly startsOn?: unknown;
}

/** A window in words, however the rule wrote it. */
export function useWindowName(): (window: unknown) => string {
  const { t } = useTranslation();
  const word = useWord();
  return (window) => {
    if (typeof window === 'string') return word(window);
    const { unit = '', every, startsAt, startsOn } = window as Spec;
    const parts = [
      every === undefined ? word(unit) : t('everyUnits', { every, unit: word(unit) }),
      startsOn !== undefined && t('windowOn', { day: dayText(startsOn, word) }),
      startsAt !== undefined && t('windowAt', { time: startsAt }),
    ];
    return parts.filter(Boolean).join(' ');
  };
}

function dayText(startsOn: unknown, word: (word: string) => string): string {
  if (typeof startsOn !== 'object' || startsOn === null) return word(String(startsOn));
  const { by, default: usual } = startsOn as { readonly by: string; readonly default: number };
  return `${by} (${usual})`;
}
