import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Button, Card, Empty, Row, Table } from '../../ui/basics.tsx';
import { CsvButton } from '../../ui/csv-button.tsx';
import { useWanted } from '../../ui/filters.tsx';
import { SubjectLink } from '../../ui/links.tsx';
import { Pager } from '../../ui/pager.tsx';
import { subjectText } from '../../ui/subject-text.ts';
import { Limits } from '../../ui/limits.tsx';
import { Loading, ProblemNote } from '../../ui/problem.tsx';

type Near = Schemas['NearSubjects']['subjects'][number];

const COLUMNS = {
  subject: (row: Near) => row.subject,
  share: (row: Near) => row.share,
};

/** Who is near a limit of the rule: looked for when it is asked, since a store reads many counters for it. */
export function NearSubjects({ rule }: { readonly rule: string }) {
  const { t } = useTranslation();
  const cursor = useWanted()['near'];
  const [isAsked, setAsked] = useState(cursor !== undefined);
  const query = { rule, near: '0.8', cursor };
  const { data, error, isLoading } = useRead<Schemas['NearSubjects']>('/admin/subjects', {
    query,
    isOn: isAsked,
  });
  return (
    <Card
      title={t('nearSubjects')}
      actions={<CsvButton name="near-subjects" rows={data?.subjects} columns={COLUMNS} />}
    >
      <ProblemNote error={error} />
      {!isAsked && <Button onClick={() => setAsked(true)}>{t('lookNow')}</Button>}
      {isLoading && <Loading />}
      {data?.subjects.length === 0 && <Empty>{t('noneNear', { looked: data.looked })}</Empty>}
      {data !== undefined && data.subjects.length > 0 && (
        <Table label={t('nearSubjects')} head={[t('subject'), t('limits')]}>
          {data.subjects.map((near) => (
            <Row
              key={subjectText(near.subject)}
              cells={[<SubjectLink subject={near.subject} />, <Limits limits={near.limits} />]}
            />
          ))}
        </Table>
      )}
      <Pager next={data?.next} name="near" />
    </Card>
  );
}
