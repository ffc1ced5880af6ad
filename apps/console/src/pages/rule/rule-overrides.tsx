import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Button, Card, Empty, Row, Table } from '../../ui/basics.tsx';
import { CsvButton } from '../../ui/csv-button.tsx';
import { subjectText } from '../../ui/filters.tsx';
import { Loading, ProblemNote } from '../../ui/problem.tsx';
import { Instant } from '../../ui/time.tsx';
import { OVERRIDE_COLUMNS, useOverriddenText } from '../subject/override-of.ts';

/** Subjects that have limits of their own instead of those of the rule, in pages. */
export function RuleOverrides({ rule }: { readonly rule: string }) {
  const { t } = useTranslation();
  const text = useOverriddenText();
  const [cursor, setCursor] = useState<string>();
  const query = { rule, limit: '50', cursor };
  const { data, error, isLoading } = useRead<Schemas['OverridePage']>('/admin/overrides', { query });
  const overrides = data?.overrides ?? [];
  return (
    <Card
      title={t('overridesOfRule')}
      actions={<CsvButton name="overrides" rows={overrides} columns={OVERRIDE_COLUMNS} />}
    >
      <ProblemNote error={error} />
      {isLoading && <Loading />}
      {data && overrides.length === 0 && <Empty>{t('noOverrides')}</Empty>}
      {overrides.length > 0 && (
        <Table
          label={t('overridesOfRule')}
          head={[t('subject'), t('limits'), t('until'), t('reason'), t('by')]}
        >
          {overrides.map((override) => (
            <Row
              key={subjectText(override.subject)}
              cells={[
                <Link
                  to="/subject"
                  search={override.subject as never}
                  className="break-all text-accent underline"
                >
                  {subjectText(override.subject)}
                </Link>,
                text(override),
                override.validUntil ? <Instant at={override.validUntil} /> : t('never'),
                override.reason,
                override.setBy,
              ]}
            />
          ))}
        </Table>
      )}
      {data?.next && (
        <div className="mt-3">
          <Button onClick={() => setCursor(data.next)}>{t('nextPage')}</Button>
        </div>
      )}
    </Card>
  );
}
