import { useTranslation } from 'react-i18next';
import { useRead } from '../api/queries.ts';
import type { Schemas } from '../api/types.ts';
import { Badge, Card, Empty, PageTitle, Row, Table } from '../ui/basics.tsx';
import { ProblemNote } from '../ui/problem.tsx';
import { Instant } from '../ui/time.tsx';

const EVERY = { everyMs: 3_000 };

/** Incidents now and before, what was decided without the store, and when counters may be wrong: of the node that answers. */
export function Page() {
  const { t } = useTranslation();
  const { data, error } = useRead<Schemas['AlarmList']>('/admin/alarms', EVERY);
  return (
    <>
      <PageTitle>{t('alarms')}</PageTitle>
      <ProblemNote error={error} />
      <Card title={t('now')}>
        {data?.active.length === 0 && <Empty>{t('noAlarms')}</Empty>}
        {data !== undefined && data.active.length > 0 && <Alarms alarms={data.active} />}
      </Card>
      <JournalCard />
      <Card title={t('before')}>
        {data?.over.length === 0 && <Empty>{t('noAlarmsBefore')}</Empty>}
        {data !== undefined && data.over.length > 0 && <Alarms alarms={data.over} />}
      </Card>
    </>
  );
}

function Alarms({ alarms }: { readonly alarms: readonly Schemas['Alarm'][] }) {
  const { t } = useTranslation();
  return (
    <Table label={t('alarms')} head={[t('what'), t('kind'), t('since'), t('cleared'), t('evidence')]}>
      {alarms.map((alarm) => (
        <Row
          key={alarm.id}
          cells={[
            alarm.summary,
            <Badge tone={alarm.class === 'alarm' ? 'bad' : 'warn'}>{alarm.kind}</Badge>,
            <Instant at={alarm.raisedAt} />,
            alarm.clearedAt ? <Instant at={alarm.clearedAt} /> : '—',
            <code className="text-xs break-all">{JSON.stringify(alarm.evidence)}</code>,
          ]}
        />
      ))}
    </Table>
  );
}

function JournalCard() {
  const { t } = useTranslation();
  const { data, error } = useRead<Schemas['Journal']>('/admin/journal', EVERY);
  return (
    <Card title={t('journal')}>
      <ProblemNote error={error} />
      {data && (
        <>
          <p className="text-sm">{t('pendingSettlements', { count: data.pending })}</p>
          <Table label={t('settled')} head={[t('settled'), t('operations')]}>
            {Object.entries(data.settled).map(([outcome, count]) => (
              <Row key={outcome} cells={[outcome, String(count)]} />
            ))}
          </Table>
          <h3 className="mt-3 mb-1 text-sm font-semibold">{t('uncertain')}</h3>
          {data.uncertainIntervals.length === 0 && <Empty>{t('noUncertain')}</Empty>}
          {data.uncertainIntervals.map(({ from, to, reason, operations }, index) => (
            <p key={index} className="text-sm">
              <Instant at={from} /> – <Instant at={to} />: {reason}, {operations} {t('operations')}
            </p>
          ))}
        </>
      )}
    </Card>
  );
}
