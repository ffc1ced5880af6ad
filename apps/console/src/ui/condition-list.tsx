import { useTranslation } from 'react-i18next';
import type { Schemas } from '../api/types.ts';
import { Badge } from './basics.tsx';
import { Word } from './word.tsx';

type Condition = Schemas['Readiness']['conditions'][number];

/** What is wrong with Redis and the files of a node, in the reader's language, and the service's own words with the values and the fix. */
export function ConditionList({ conditions }: { readonly conditions: readonly Condition[] }) {
  const { t, i18n } = useTranslation();
  return (
    <ul>
      {conditions.map(({ condition, severity, sentence }, index) => (
        <li key={index} className="mb-3 text-sm">
          <p className="font-medium">
            <Badge tone={severity === 'refuse' ? 'bad' : 'warn'}>
              <Word of={severity} />
            </Badge>{' '}
            {i18n.exists(`finding_${condition}`) ? t(`finding_${condition}`) : condition}
          </p>
          <p className="mt-1 text-quiet">
            {i18n.language !== 'en' && t('serviceWords')} <span lang="en">{sentence}</span>
          </p>
        </li>
      ))}
    </ul>
  );
}
