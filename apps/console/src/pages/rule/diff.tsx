import { useTranslation } from 'react-i18next';
import type { Rule } from '../../api/types.ts';
import { lineDiff } from './line-diff.ts';
import { textOf } from './rule-text.tsx';

/** The lines in which the draft differs from what is in force. */
export function Diff({ before, after }: { readonly before: Rule | undefined; readonly after: Rule }) {
  const { t } = useTranslation();
  const lines = lineDiff(before ? textOf(before) : '', textOf(after));
  if (lines.every(({ sign }) => sign === ' '))
    return <p className="mb-3 text-sm text-quiet">{t('noChanges')}</p>;
  const looks = { ' ': 'text-quiet', '-': 'text-bad', '+': 'text-good' };
  return (
    <pre tabIndex={0} aria-label={t('changes')} className="mb-3 overflow-x-auto rounded bg-page p-2 text-sm">
      {lines.map(({ sign, text }, index) => (
        <div key={index} className={looks[sign]}>
          {sign} {text}
        </div>
      ))}
    </pre>
  );
}
