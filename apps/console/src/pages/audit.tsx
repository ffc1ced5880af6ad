import { useTranslation } from 'react-i18next';
import { callText } from '../api/client.ts';
import { useRead } from '../api/queries.ts';
import type { LedgerEvent, Schemas } from '../api/types.ts';
import { Card, Empty, PageTitle } from '../ui/basics.tsx';
import { Download } from '../ui/download.tsx';
import { Filters, readersTimeZone, useSpanFilters, useWanted } from '../ui/filters.tsx';
import { Pager } from '../ui/pager.tsx';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { useWord } from '../ui/word.tsx';
import { Written } from './audit/written.tsx';

const ACTIONS = [
  ...['rule-created', 'rule-changed', 'rule-deleted', 'rule-rolled-back', 'override-set', 'gate-set'],
  ...['brake-set', 'brake-removed', 'drill-begun', 'drill-ended', 'pack-added', 'pack-cancelled'],
  ...['override-removed', 'overrides-imported', 'rules-replaced', 'subject-reset', 'usage-corrected'],
  ...['subject-data-deleted', 'webhook-created', 'webhook-changed', 'webhook-deleted', 'dead-letter-resent'],
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
  const word = useWord();
  const wanted = useWanted();
  const spans = useSpanFilters();
  const query = { timeZone: readersTimeZone(), ...wanted };
  const { data, error, isLoading } = useRead<Schemas['LedgerAudit']>('/admin/audit', { query });
  const events = (data?.audit ?? []) as LedgerEvent[];
  const read = () => callText('/admin/audit', { query: { ...query, format: 'csv' } });
  const filters = [
    { name: 'actor', label: t('by') },
    { name: 'action', label: t('action'), choices: ACTIONS.map((value) => ({ value, label: word(value) })) },
    { name: 'rule', label: t('rule') },
    { name: 'target', label: t('target'), hint: t('targetHint') },
    ...spans,
  ];
  return (
    <Card
      title={t('changes')}
      actions={events.length > 0 && <Download action="CSV" fileName="sundial-audit.csv" read={read} />}
    >
      <Filters filters={filters} to="/audit" wanted={wanted} />
      <ProblemNote error={error} />
      {isLoading && <Loading />}
      {data && events.length === 0 && <Empty command={RAISE}>{t('noAudit')}</Empty>}
      {events.length > 0 && <Written events={events} />}
      <Pager next={data?.next} />
    </Card>
  );
}

const RAISE = `curl -X PUT …/admin/rules/<id> -H 'authorization: Bearer <key>' -H 'content-type: application/json' -d @rule.json`;
