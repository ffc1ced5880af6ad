import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callText } from '../api/client.ts';
import { useRead } from '../api/queries.ts';
import type { LedgerEvent, Schemas } from '../api/types.ts';
import { Button, Card, Empty, Field, PageTitle } from '../ui/basics.tsx';
import { Decisions } from '../ui/decisions.tsx';
import { RawJson } from '../ui/disclosure.tsx';
import { Download } from '../ui/download.tsx';
import { Filters, readersTimeZone, useSpanFilters, useWanted } from '../ui/filters.tsx';
import { Pager } from '../ui/pager.tsx';
import { subjectFrom, subjectText } from '../ui/subject-text.ts';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { useWord } from '../ui/word.tsx';
import { Timeline } from './trace/timeline.tsx';

const OUTCOMES = ['allowed', 'denied', 'degraded', 'replayed', 'limit-reached'];

/** One operation over all nodes, or the decisions among which it is looked for. */
export function Page() {
  const { t } = useTranslation();
  const wanted = useWanted();
  const { operation } = wanted;
  return (
    <>
      <PageTitle>{t('trace')}</PageTitle>
      <Card>
        <OperationSearch key={operation} operation={operation ?? ''} />
      </Card>
      {operation ? <Operation id={operation} /> : <Found key={JSON.stringify(wanted)} />}
    </>
  );
}

function OperationSearch({ operation }: { readonly operation: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [id, setId] = useState(operation);
  return (
    <form
      className="flex flex-wrap items-end gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        void navigate({ to: '/trace', search: (id.trim() && { operation: id.trim() }) as never });
      }}
    >
      <Field label={t('operationId')} value={id} onChange={(event) => setId(event.target.value)} />
      <Button type="submit" kind="primary">
        {t('follow')}
      </Button>
    </form>
  );
}

function Operation({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const path = `/admin/operations/${encodeURIComponent(id)}`;
  const query = { timeZone: readersTimeZone() };
  const { data, error, isLoading } = useRead<Schemas['OperationHistory']>(path, { query });
  const read = () => callText(path, { query: { ...query, format: 'csv' } });
  return (
    <>
      <ProblemNote error={error} />
      {isLoading && <Loading />}
      {data?.operations.length === 0 && (
        <Card>
          <Empty command={`curl …/admin/decisions?user=u1&outcome=denied -H 'authorization: Bearer <key>'`}>
            {t('operationUnknown')}
          </Empty>
        </Card>
      )}
      {data?.operations.map(({ resource, subject, events }, index) => (
        <Card
          key={index}
          title={`${resource ?? '—'} · ${subjectText(subject)}`}
          actions={<Download action="CSV" fileName="sundial-operation.csv" read={read} />}
        >
          <Timeline events={events as LedgerEvent[]} />
          <RawJson value={events} />
        </Card>
      ))}
      {data && <Covers nodes={data.nodes} />}
    </>
  );
}

function Found() {
  const { t } = useTranslation();
  const word = useWord();
  const wanted = useWanted();
  const spans = useSpanFilters();
  const { subject = '', timeZone = readersTimeZone(), ...others } = wanted;
  const query = {
    ...others,
    timeZone,
    ...(subject && { subject: JSON.stringify(subjectFrom(subject)) }),
  };
  const { data, error, isLoading } = useRead<Schemas['LedgerDecisions']>('/admin/decisions', { query });
  const read = () => callText('/admin/decisions', { query: { ...query, format: 'csv' } });
  const filters = [
    { name: 'subject', label: t('subject'), hint: 'user=u1 grade=3' },
    { name: 'resource', label: t('resource') },
    {
      name: 'outcome',
      label: t('outcome'),
      choices: OUTCOMES.map((value) => ({ value, label: word(value) })),
    },
    { name: 'node', label: t('nodeName') },
    ...spans,
  ];
  const decisions = (data?.decisions ?? []) as LedgerEvent[];
  return (
    <Card
      title={t('decisions')}
      actions={decisions.length > 0 && <Download action="CSV" fileName="sundial-decisions.csv" read={read} />}
    >
      <Filters filters={filters} to="/trace" wanted={wanted} />
      <ProblemNote error={error} />
      {isLoading && <Loading />}
      {data && decisions.length === 0 && <Empty command={CHECK}>{t('noDecisions')}</Empty>}
      {decisions.length > 0 && <Decisions decisions={decisions} />}
      <Pager next={data?.next} />
      {data && <Covers nodes={data.nodes} />}
    </Card>
  );
}

const CHECK = `curl …/check -H 'authorization: Bearer <key>' -H 'content-type: application/json' \\
  -d '{"resource":"ocr","subject":{"user":"u1"}}'`;

/** Whose events these are: without a database of all nodes, those of the node that answers. */
function Covers({ nodes }: { readonly nodes: readonly string[] }) {
  const { t } = useTranslation();
  return <p className="mt-3 text-xs text-quiet">{t('covers', { nodes: nodes.join(', ') })}</p>;
}
