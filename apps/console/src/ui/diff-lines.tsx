import { useTranslation } from 'react-i18next';
import { lineDiff } from './line-diff.ts';

const LOOKS = { ' ': 'text-quiet', '-': 'text-bad', '+': 'text-good' };

/** The lines in which two texts differ, among those that they share. */
export function DiffLines({ before, after }: { readonly before: string; readonly after: string }) {
  const { t } = useTranslation();
  const lines = lineDiff(before, after);
  return (
    <pre tabIndex={0} aria-label={t('changes')} className="mb-3 overflow-x-auto rounded bg-page p-2 text-sm">
      {lines.map(({ sign, text }, index) => (
        <div key={index} className={LOOKS[sign]}>
          {sign} {text}
        </div>
      ))}
    </pre>
  );
}
