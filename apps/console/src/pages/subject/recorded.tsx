import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/client.ts';
import { useMay, useRead, useWrite } from '../../api/queries.ts';
import type { LedgerEvent, Schemas, Subject } from '../../api/types.ts';
import { Card, Empty } from '../../ui/basics.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Decisions } from '../../ui/decisions.tsx';
import { Download } from '../../ui/download.tsx';
import { readersTimeZone } from '../../ui/filters.tsx';
import { subjectText } from '../../ui/subject-text.ts';
import { ProblemNote } from '../../ui/problem.tsx';
import { Reason } from '../../ui/reason.tsx';

interface RecordedProps {
  readonly subject: Subject;
}

/** What the ledger has of a subject: its last decisions with why, and all of it to be given out or deleted. */
export function Recorded({ subject }: RecordedProps) {
  const { t } = useTranslation();
  const query = { subject: JSON.stringify(subject), limit: '20', timeZone: readersTimeZone() };
  const { data, error } = useRead<Schemas['LedgerDecisions']>('/admin/decisions', { query });
  const decisions = (data?.decisions ?? []) as LedgerEvent[];
  const link = { subject: subjectText(subject) };
  return (
    <>
      <Card
        title={t('lastDecisions')}
        actions={
          <Link to="/trace" search={link as never} className="text-sm text-accent underline">
            {t('allDecisions')}
          </Link>
        }
      >
        <ProblemNote error={error} />
        {data && decisions.length === 0 && <Empty command={checkOf(subject)}>{t('noDecisions')}</Empty>}
        {decisions.length > 0 && <Decisions decisions={decisions} />}
      </Card>
      {data && <SubjectData subject={subject} />}
    </>
  );
}

function checkOf(subject: Subject): string {
  const body = JSON.stringify({ resource: 'ocr', subject });
  return `curl …/check -H 'authorization: Bearer <key>' -H 'content-type: application/json' \\\n  -d '${body}'`;
}

function SubjectData({ subject }: RecordedProps) {
  const { t } = useTranslation();
  const mayDelete = useMay('admin');
  const [reason, setReason] = useState('');
  const remove = useWrite<Schemas['SubjectDataDeleted']>();
  const query = { subject: JSON.stringify(subject), reason };
  const { deleted, nodes } = remove.data ?? {};
  return (
    <Card title={t('subjectData')}>
      <p className="mb-3 text-sm text-quiet">{t('subjectDataHint')}</p>
      <ProblemNote error={remove.error} />
      {deleted && (
        <p role="status" className="mb-3 text-sm text-good">
          {t('dataDeleted', { ...deleted, nodes: nodes?.join(', ') })}
        </p>
      )}
      <div className="flex flex-wrap items-end gap-3">
        <Download action={t('exportData')} fileName="sundial-subject.ndjson" read={() => exportOf(subject)} />
        {mayDelete && (
          <>
            <Reason value={reason} onChange={setReason} />
            <Confirm
              action={t('deleteData')}
              question={t('confirmDeleteData', { subject: subjectText(subject) })}
              isDangerous
              onConfirm={() => remove.mutate({ path: '/admin/subjects/data', method: 'DELETE', query })}
            />
          </>
        )}
      </div>
    </Card>
  );
}

/** Every page of it: who asks for their data gets all. */
async function exportOf(subject: Subject): Promise<string> {
  let lines = '';
  let cursor: string | undefined;
  do {
    const query = { subject: JSON.stringify(subject), limit: '1000', cursor };
    const { data } = await call<Schemas['SubjectData']>('/admin/subjects/data', { query });
    lines += data.events.map((event) => `${JSON.stringify(event)}\n`).join('');
    cursor = data.next;
  } while (cursor !== undefined);
  return lines;
}
