import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/queries.ts';
import type { LedgerEvent, Schemas } from '../../api/types.ts';
import { Card, Empty } from '../../ui/basics.tsx';
import { readersTimeZone } from '../../ui/filters.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { Written } from '../audit/written.tsx';

/** The last changes of one rule, each with a way back. */
export function RuleHistory({ rule }: { readonly rule: string }) {
  const { t } = useTranslation();
  const query = { rule, limit: '10', timeZone: readersTimeZone() };
  const { data, error } = useRead<Schemas['LedgerAudit']>('/admin/audit', { query });
  const events = (data?.audit ?? []) as LedgerEvent[];
  return (
    <Card
      title={t('history')}
      actions={
        <Link to="/audit" search={{ rule } as never} className="text-sm text-accent underline">
          {t('allChanges')}
        </Link>
      }
    >
      <ProblemNote error={error} />
      {data && events.length === 0 && <Empty>{t('noRuleHistory')}</Empty>}
      {events.length > 0 && <Written events={events} />}
    </Card>
  );
}
