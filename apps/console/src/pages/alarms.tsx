import { useTranslation } from 'react-i18next';
import { useRead } from '../api/queries.ts';
import type { Schemas } from '../api/types.ts';
import { Card, Empty, PageTitle } from '../ui/basics.tsx';
import { CsvButton } from '../ui/csv-button.tsx';
import { Filters, useWanted } from '../ui/filters.tsx';
import { ProblemNote } from '../ui/problem.tsx';
import { useWord } from '../ui/word.tsx';
import { AlarmTable, ALARM_COLUMNS, ALARM_KINDS } from './alarms/alarm-table.tsx';
import { Diagnostics } from './alarms/diagnostics.tsx';
import { JournalCard } from './alarms/journal-card.tsx';
import { OutageCalls } from './alarms/outage-calls.tsx';
import { Outages } from './alarms/outages.tsx';

const EVERY = { everyMs: 3_000 };
/** The filters of the other lists of this page. */
const OF_OTHERS = ['from', 'to', 'timeZone', 'outageNode', 'began', 'ended'];

/** Incidents now and before, outages and what became of their calls, and what is wrong with what the service stands on. */
export function Page() {
  const { t } = useTranslation();
  const wanted = useWanted();
  return (
    <>
      <PageTitle>{t('alarms')}</PageTitle>
      <Incidents key={`${wanted['kind']} ${wanted['resource']}`} />
      <Outages key={JSON.stringify(wanted)} />
      {wanted['outageNode'] !== undefined && <OutageCalls />}
      <JournalCard />
      <Diagnostics />
    </>
  );
}

function Incidents() {
  const { t } = useTranslation();
  const word = useWord();
  const wanted = useWanted();
  const { data, error } = useRead<Schemas['AlarmList']>('/admin/alarms', EVERY);
  const { kind, resource } = wanted;
  const isWanted = (alarm: Schemas['Alarm']) =>
    (kind === undefined || alarm.kind === kind) &&
    (resource === undefined || alarm.channel?.resource === resource);
  const active = data?.active.filter(isWanted) ?? [];
  const over = data?.over.filter(isWanted) ?? [];
  const filters = [
    { name: 'kind', label: t('kind'), choices: ALARM_KINDS.map((value) => ({ value, label: word(value) })) },
    { name: 'resource', label: t('resource') },
  ];
  return (
    <>
      <Card>
        <Filters filters={filters} to="/alarms" wanted={wanted} keep={OF_OTHERS} />
        <ProblemNote error={error} />
      </Card>
      <Card title={t('now')} actions={<CsvButton name="alarms-now" rows={active} columns={ALARM_COLUMNS} />}>
        {data && active.length === 0 && <Empty>{t('noAlarms')}</Empty>}
        {active.length > 0 && <AlarmTable label={t('now')} alarms={active} />}
      </Card>
      <Card title={t('before')} actions={<CsvButton name="alarms" rows={over} columns={ALARM_COLUMNS} />}>
        {data && over.length === 0 && <Empty>{t('noAlarmsBefore')}</Empty>}
        {over.length > 0 && <AlarmTable label={t('before')} alarms={over} />}
      </Card>
    </>
  );
}
