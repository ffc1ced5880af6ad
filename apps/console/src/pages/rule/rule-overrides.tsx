import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Card, Empty, Row, Table } from '../../ui/basics.tsx';
import { CsvButton } from '../../ui/csv-button.tsx';
import { useWanted } from '../../ui/filters.tsx';
import { SubjectLink } from '../../ui/links.tsx';
import { Pager } from '../../ui/pager.tsx';
import { subjectText } from '../../ui/subject-text.ts';
import { Loading, ProblemNote } from '../../ui/problem.tsx';
import { Instant } from '../../ui/time.tsx';
import { OVERRIDE_COLUMNS, useOverriddenText } from '../subject/override-of.ts';

/** Subjects that have limits of their own instead of those of the rule, in pages. */
export function RuleOverrides({ rule }: { readonly rule: string }) {
  const { t } = useTranslation();
  const text = useOverriddenText();
  const query = { rule, limit: '50', cursor: useWanted()['overrides'] };
  const { data, error, isLoading } = useRead<Schemas['OverridePage']>('/admin/overrides', { query });
  const overrides = data?.overrides ?? [];
  return (
    <Card
      title={t('overridesOfRule')}
      actions={<CsvButton name="overrides" rows={overrides} columns={OVERRIDE_COLUMNS} />}
    >
      <ProblemNote error={error} />
      {isLoading && <Loading />}
      {data && overrides.length === 0 && <Empty command={overrideOf(rule)}>{t('noOverrides')}</Empty>}
      {overrides.length > 0 && (
        <Table
          label={t('overridesOfRule')}
          head={[t('subject'), t('limits'), t('until'), t('reason'), t('by')]}
        >
          {overrides.map((override) => (
            <Row
              key={subjectText(override.subject)}
              cells={[
                <SubjectLink subject={override.subject} />,
                text(override),
                override.validUntil ? <Instant at={override.validUntil} /> : t('never'),
                override.reason,
                override.setBy,
              ]}
            />
          ))}
        </Table>
      )}
      <Pager next={data?.next} name="overrides" />
    </Card>
  );
}

function overrideOf(rule: string): string {
  const body = JSON.stringify({ rule, subject: { user: 'u1' }, limits: [{ window: 'day', add: 10 }] });
  return `curl -X PUT …/admin/overrides -H 'authorization: Bearer <key>' -H 'content-type: application/json' \\\n  -d '${body}'`;
}
