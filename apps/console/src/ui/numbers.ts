import { useTranslation } from 'react-i18next';

/** Numbers as the reader's language writes them, short enough for a wall but for units, which are exact. */
export function useNumbers() {
  const { language } = useTranslation().i18n;
  const write = (value: number | null | undefined, options: Intl.NumberFormatOptions): string =>
    value === null || value === undefined ? '–' : new Intl.NumberFormat(language, options).format(value);
  /** Null: without a limit. */
  const units = (value: number | null) => (value === null ? '∞' : write(value, {}));
  return {
    units,
    /** Amounts by meter. */
    amounts: (amounts: unknown) =>
      Object.entries(amounts as Readonly<Record<string, number>>)
        .map(([meter, amount]) => `${units(amount)} ${meter}`)
        .join(', '),
    rate: (value: number | null | undefined) =>
      write(value, { maximumFractionDigits: value !== undefined && (value ?? 0) < 10 ? 1 : 0 }),
    share: (value: number | null | undefined) => write(value, { style: 'percent', maximumFractionDigits: 1 }),
    ms: (value: number | null | undefined) =>
      value === null || value === undefined ? '–' : `${write(value, { maximumSignificantDigits: 2 })} ms`,
  };
}
