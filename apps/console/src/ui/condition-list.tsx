import { useTranslation } from 'react-i18next';
import type { Schemas } from '../api/types.ts';
import { Badge } from './basics.tsx';
import { useFindingText } from './said.tsx';
import { Word } from './word.tsx';

type Condition = Schemas['Readiness']['conditions'][number];

/** What is wrong with Redis and the files of a node, with the values and the fix, in the reader's language where the console has it. */
export function ConditionList({ conditions }: { readonly conditions: readonly Condition[] }) {
  const { t, i18n } = useTranslation();
  const findingText = useFindingText();
  return (
    <ul>
      {conditions
        .map((one) => ({ ...one, ...findingText(one) }))
        .map((one, index) => (
          <li key={index} className="mb-3 text-sm">
            <p className="font-medium">
              <Badge tone={one.severity === 'refuse' ? 'bad' : 'warn'}>
                <Word of={one.severity} />
              </Badge>{' '}
              {i18n.exists(`finding_${one.condition}`) ? t(`finding_${one.condition}`) : one.condition}
            </p>
            <p className="mt-1 text-quiet">
              {one.lang && t('serviceWords')} <span lang={one.lang}>{one.text}</span>
            </p>
          </li>
        ))}
    </ul>
  );
}
