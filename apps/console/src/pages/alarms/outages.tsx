import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { callText } from '../../api/client.ts';
import { useRead } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Badge, Card, Empty, Row, Table } from '../../ui/basics.tsx';
import { Download } from '../../ui/download.tsx';
import { Filters, readersTimeZone, useSpanFilters, useWanted } from '../../ui/filters.tsx';
import { Pager } from '../../ui/pager.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { ExactTime } from '../../ui/time.tsx';
import { useWord } from '../../ui/word.tsx';

type Outage = Schemas['LedgerOutages']['outages'][number];

/** When nodes decided without the store, and what became of what they allowed. */
export function Outages() {
  const { t } = useTranslation();
  const wanted = useWanted();
  const { from, to, timeZone = readersTimeZone(), cursor } = wanted;
  const query = { from, to, timeZone, cursor, limit: '50' };
  const { data, error } = useRead<Schemas['LedgerOutages']>('/admin/outages', { query });
  const read = () => callText('/admin/outages', { query: { ...query, format: 'csv' } });
  const outages = data?.outages ?? [];
  return (
    <Card
      title={t('outages')}
      actions={outages.length > 0 && <Download action="CSV" fileName="sundial-outages.csv" read={read} />}
    >
      {error?.problem.code !== 'ledger-off' && (
        <Filters filters={useSpanFilters()} to="/alarms" wanted={wanted} keep={['kind', 'resource']} />
      )}
      <ProblemNote error={error} />
      {data && outages.length === 0 && <Empty command="npm run outage">{t('noOutages')}</Empty>}
      {outages.length > 0 && (
        <Table
          label={t('outages')}
          head={[
            t('nodeName'),
            t('since'),
            t('cleared'),
            t('allowed'),
            t('denied'),
            t('whatBecame'),
            t('calls'),
          ]}
        >
          {outages.map((outage) => (
            <OutageRow key={`${outage.node} ${outage.from}`} outage={outage} />
          ))}
        </Table>
      )}
      <Pager next={data?.next} />
    </Card>
  );
}

function OutageRow({ outage }: { readonly outage: Outage }) {
  const { t } = useTranslation();
  const word = useWord();
  const wanted = useWanted();
  const { node, from, to, allowed, denied, settled, pending } = outage;
  const search = { ...wanted, outageNode: node, began: from, ...(to && { ended: to }) };
  const became = Object.entries(settled).map(([outcome, count]) => `${count} ${word(outcome)}`);
  return (
    <Row
      cells={[
        node,
        <ExactTime at={from} />,
        to ? <ExactTime at={to} /> : <Badge tone="bad">{t('lasts')}</Badge>,
        allowed,
        denied,
        <>
          {became.join(', ') || '—'}
          {pending > 0 && <p className="text-warn">{t('stillPending', { count: pending })}</p>}
        </>,
        <Link to="/alarms" search={search as never} className="text-accent underline">
          {t('show')}
        </Link>,
      ]}
    />
  );
}
