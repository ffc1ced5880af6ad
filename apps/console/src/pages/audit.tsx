import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callText } from '../api/client.ts';
import { useMay, useRead, useWrite } from '../api/queries.ts';
import type { LedgerEvent, Rule, Schemas } from '../api/types.ts';
import { Card, Empty, Field, PageTitle, Row, Table } from '../ui/basics.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { DiffLines } from '../ui/diff-lines.tsx';
import { Disclosure, RawJson } from '../ui/disclosure.tsx';
import { Download } from '../ui/download.tsx';
import { Filters, Pager, readersTimeZone, subjectText, useSpanFilters, useWanted } from '../ui/filters.tsx';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { ExactTime } from '../ui/time.tsx';

const ACTIONS = [
  ...['rule-created', 'rule-changed', 'rule-deleted', 'rule-rolled-back', 'override-set', 'gate-set'],
  ...['brake-set', 'drill-begun', 'pack-added', 'subject-data-deleted', 'webhook-created', 'webhook-changed'],
];

/** Who changed what, with what was there before and after. */
export function Page() {
  const { t } = useTranslation();
  const wanted = useWanted();
  return (
    <>
      <PageTitle>{t('audit')}</PageTitle>
      <Found key={JSON.stringify(wanted)} />
    </>
  );
}

function Found() {
  const { t } = useTranslation();
  const wanted = useWanted();
  const spans = useSpanFilters();
  const query = { timeZone: readersTimeZone(), ...wanted };
  const { data, error, isLoading } = useRead<Schemas['LedgerAudit']>('/admin/audit', { query });
  const [written, setWritten] = useState<Schemas['RuleWritten']>();
  const rollback = useWrite<Schemas['RuleWritten']>(setWritten);
  const events = (data?.audit ?? []) as LedgerEvent[];
  const read = () => callText('/admin/audit', { query: { ...query, format: 'csv' } });
  const filters = [
    { name: 'actor', label: t('by') },
    { name: 'action', label: t('action'), offers: ACTIONS },
    { name: 'rule', label: t('rule') },
    { name: 'target', label: t('target'), hint: t('targetHint') },
    ...spans,
  ];
  return (
    <Card actions={events.length > 0 && <Download action="CSV" fileName="sundial-audit.csv" read={read} />}>
      <Filters filters={filters} to="/audit" wanted={wanted} />
      <ProblemNote error={rollback.error ?? error} />
      {written?.nodes && (
        <p role="status" className="mb-3 text-sm text-good">
          {t('applied', { ...written.nodes, version: written.version })}
        </p>
      )}
      {isLoading && <Loading />}
      {data && events.length === 0 && <Empty command={RAISE}>{t('noAudit')}</Empty>}
      {events.length > 0 && <Written events={events} onRollback={rollback.mutate} />}
      <Pager to="/audit" wanted={wanted} next={data?.next} />
    </Card>
  );
}

const RAISE = `curl -X PUT …/admin/rules/<id> -H 'authorization: Bearer <key>' -H 'content-type: application/json' -d @rule.json`;

interface Rollback {
  readonly path: string;
  readonly method: 'POST';
  readonly body: { readonly version: number; readonly reason?: string };
}

interface WrittenProps {
  readonly events: readonly LedgerEvent[];
  readonly onRollback: (rollback: Rollback) => void;
}

function Written({ events, onRollback }: WrittenProps) {
  const { t } = useTranslation();
  const mayWrite = useMay('admin');
  return (
    <Table
      label={t('audit')}
      head={[t('at'), t('by'), t('action'), t('target'), t('reason'), t('changes'), t('actions')]}
    >
      {events.map((event) => (
        <Row
          key={event.id}
          cells={[
            <>
              <ExactTime at={event.at} />
              <p className="text-xs text-quiet">{event.node}</p>
            </>,
            event.actor ?? '—',
            event.kind === 'admin' ? event.outcome : `${t(`event_${event.kind}`)}: ${event.outcome}`,
            <span className="break-all">{targetOf(event)}</span>,
            typeof event.reason === 'string' ? event.reason : '—',
            <Changed event={event} />,
            mayWrite && <RollBack event={event} onRollback={onRollback} />,
          ]}
        />
      ))}
    </Table>
  );
}

function targetOf({ target, resource, subject }: LedgerEvent): string {
  const named = typeof target === 'string' ? target : resource;
  return [named, subject && subjectText(subject)].filter(Boolean).join(' · ') || '—';
}

function Changed({ event }: { readonly event: LedgerEvent }) {
  const { t } = useTranslation();
  const { before, after } = event;
  return (
    <div className="min-w-48">
      {(before ?? after) !== undefined && (
        <Disclosure summary={t('changes')}>
          {() => <DiffLines before={lines(before)} after={lines(after)} />}
        </Disclosure>
      )}
      <RawJson value={event} />
    </div>
  );
}

function lines(value: unknown): string {
  return value === undefined || value === null ? '' : JSON.stringify(value, undefined, 2);
}

/** Of a write of a rule that there was before: makes the rule what it was then, after a question that names it. */
function RollBack({ event, onRollback }: { event: LedgerEvent; onRollback: WrittenProps['onRollback'] }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  const { target, before, outcome, kind } = event;
  const { version } = (event.answered ?? {}) as { readonly version?: number };
  const isOfRule = kind === 'admin' && outcome.startsWith('rule-') && typeof target === 'string';
  if (!isOfRule || !before || version === undefined || version < 2) return null;
  const path = `/admin/rules/${encodeURIComponent(target)}/rollback`;
  const body = { version: version - 1, ...(reason && { reason }) };
  return (
    <Confirm
      action={t('rollBack')}
      question={t('confirmRollback', { rule: target, version: version - 1 })}
      isDangerous
      onConfirm={() => onRollback({ path, method: 'POST', body })}
    >
      <Effect rule={target} wanted={before} />
      <Field
        label={t('reason')}
        value={reason}
        maxLength={256}
        onChange={(input) => setReason(input.target.value)}
      />
    </Confirm>
  );
}

/** What a rollback changes in the rule as it is now. */
function Effect({ rule, wanted }: { readonly rule: string; readonly wanted: unknown }) {
  const { data, isLoading } = useRead<Rule>(`/admin/rules/${encodeURIComponent(rule)}`);
  if (isLoading) return <Loading />;
  return <DiffLines before={lines(data)} after={lines(wanted)} />;
}
