import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useRead, useWrite } from '../../api/queries.ts';
import type { LedgerEvent, Rule, Schemas } from '../../api/types.ts';
import { Row, Table } from '../../ui/basics.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { DiffLines } from '../../ui/diff-lines.tsx';
import { Disclosure, RawJson } from '../../ui/disclosure.tsx';
import { Done } from '../../ui/done.tsx';
import { subjectText } from '../../ui/subject-text.ts';
import { Loading, ProblemNote } from '../../ui/problem.tsx';
import { Reason } from '../../ui/reason.tsx';
import { ExactTime } from '../../ui/time.tsx';
import { Word } from '../../ui/word.tsx';

interface Rollback {
  readonly path: string;
  readonly method: 'POST';
  readonly body: { readonly version: number; readonly reason?: string };
}

/** What operators changed: a line each, with the lines that differ; an admin goes back to how a rule was. */
export function Written({ events }: { readonly events: readonly LedgerEvent[] }) {
  const { t } = useTranslation();
  const mayWrite = useMay('admin');
  const rollback = useWrite<Schemas['RuleWritten']>();
  const { data: written } = rollback;
  return (
    <>
      <ProblemNote error={rollback.error} />
      {written?.nodes && <Done>{t('applied', { ...written.nodes, version: written.version })}</Done>}
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
              <>
                {event.kind !== 'admin' && `${t(`event_${event.kind}`)}: `}
                <Word of={event.outcome} />
              </>,
              <span className="break-all">{targetOf(event)}</span>,
              typeof event.reason === 'string' ? event.reason : '—',
              <Changed event={event} />,
              mayWrite && <RollBack event={event} onRollback={rollback.mutate} />,
            ]}
          />
        ))}
      </Table>
    </>
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
function RollBack({ event, onRollback }: { event: LedgerEvent; onRollback: (rollback: Rollback) => void }) {
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
      <Reason value={reason} onChange={setReason} />
    </Confirm>
  );
}

/** What a rollback changes in the rule as it is now. */
function Effect({ rule, wanted }: { readonly rule: string; readonly wanted: unknown }) {
  const { data, isLoading } = useRead<Rule>(`/admin/rules/${encodeURIComponent(rule)}`);
  if (isLoading) return <Loading />;
  return <DiffLines before={lines(data)} after={lines(wanted)} />;
}
