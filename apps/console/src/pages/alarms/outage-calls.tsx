import { useTranslation } from 'react-i18next';
import { callText } from '../../api/client.ts';
import { useRead } from '../../api/queries.ts';
import type { LedgerEvent, Schemas } from '../../api/types.ts';
import { Card, Empty, Row, Table } from '../../ui/basics.tsx';
import { Outcome } from '../../ui/decisions.tsx';
import { Download } from '../../ui/download.tsx';
import { readersTimeZone, useWanted } from '../../ui/filters.tsx';
import { Pager } from '../../ui/pager.tsx';
import { OperationLink, SubjectLink } from '../../ui/links.tsx';
import { Loading, ProblemNote } from '../../ui/problem.tsx';
import { ExactTime } from '../../ui/time.tsx';

type Affected = LedgerEvent & { readonly afterwards: readonly LedgerEvent[] };

/** The calls of one outage, each with what was recorded of its operation afterwards. */
export function OutageCalls() {
  const { t } = useTranslation();
  const wanted = useWanted();
  const { outageNode: node, began: from, ended: to, calls: cursor } = wanted;
  const query = { node, from, to, cursor, limit: '50', timeZone: wanted['timeZone'] ?? readersTimeZone() };
  const { data, error, isLoading } = useRead<Schemas['OutageCalls']>('/admin/outages/calls', { query });
  const read = () => callText('/admin/outages/calls', { query: { ...query, format: 'csv' } });
  const calls = (data?.calls ?? []) as unknown as readonly Affected[];
  return (
    <Card
      title={t('callsOf', { node, from: from?.replace('T', ' ') })}
      actions={calls.length > 0 && <Download action="CSV" fileName="sundial-outage-calls.csv" read={read} />}
    >
      <ProblemNote error={error} />
      {isLoading && <Loading />}
      {data && calls.length === 0 && <Empty>{t('noCalls')}</Empty>}
      {calls.length > 0 && (
        <Table
          label={t('calls')}
          head={[t('at'), t('resource'), t('subject'), t('outcome'), t('afterwards'), t('operation')]}
        >
          {calls.map((call) => (
            <Row
              key={call.id}
              cells={[
                <ExactTime at={call.at} />,
                call.resource ?? '—',
                <SubjectLink subject={call.subject} />,
                <Outcome event={call} />,
                <Afterwards events={call.afterwards} />,
                <OperationLink id={call.operationId} />,
              ]}
            />
          ))}
        </Table>
      )}
      <Pager next={data?.next} name="calls" />
    </Card>
  );
}

function Afterwards({ events }: { readonly events: readonly LedgerEvent[] }) {
  const { t } = useTranslation();
  if (events.length === 0) return <span className="text-warn">{t('nothingYet')}</span>;
  return events.map((event) => (
    <p key={event.id} className="flex flex-wrap items-center gap-2">
      {t(`event_${event.kind}`)} <Outcome event={event} />
    </p>
  ));
}
