import { useTranslation } from 'react-i18next';
import type { Rule } from '../../api/types.ts';
import { DiffLines } from '../../ui/diff-lines.tsx';
import { textOf } from './rule-text.tsx';

/** The lines in which the draft differs from what is in force. */
export function Diff({ before, after }: { readonly before: Rule | undefined; readonly after: Rule }) {
  const { t } = useTranslation();
  const [old, draft] = [before ? textOf(before) : '', textOf(after)];
  if (old === draft) return <p className="mb-3 text-sm text-quiet">{t('noChanges')}</p>;
  return <DiffLines before={old} after={draft} />;
}
