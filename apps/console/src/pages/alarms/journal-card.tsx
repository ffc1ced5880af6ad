import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Card, Empty, Row, Table } from '../../ui/basics.tsx';
import { CsvButton } from '../../ui/csv-button.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { Instant } from '../../ui/time.tsx';
import { Word } from '../../ui/word.tsx';

type Interval = Schemas['Journal']['uncertainIntervals'][number];

const COLUMNS = {
  from: (interval: Interval) => interval.from,
  to: (interval: Interval) => interval.to,
  reason: (interval: Interval) => interval.reason,
  operations: (interval: Interval) => interval.operations,
};

/** What the node that answers decided without the store and has not settled yet, and when its counters may be wrong. */
export function JournalCard() {
  const { t } = useTranslation();
  const { data, error } = useRead<Schemas['Journal']>('/admin/journal', { everyMs: 3_000 });
  const intervals = data?.uncertainIntervals ?? [];
  return (
    <>
      <Card title={t('journal')}>
        <ProblemNote error={error} />
        {data && <Settled journal={data} />}
      </Card>
      <Card
        title={t('uncertain')}
        actions={<CsvButton name="uncertain-intervals" rows={intervals} columns={COLUMNS} />}
      >
        {data && intervals.length === 0 && <Empty>{t('noUncertain')}</Empty>}
        {intervals.length > 0 && (
          <Table label={t('uncertain')} head={[t('from'), t('timeTo'), t('why'), t('operations')]}>
            {intervals.map(({ from, to, reason, operations }, index) => (
              <Row
                key={index}
                cells={[<Instant at={from} />, <Instant at={to} />, <Word of={reason} />, operations]}
              />
            ))}
          </Table>
        )}
      </Card>
    </>
  );
}

function Settled({ journal }: { readonly journal: Schemas['Journal'] }) {
  const { t } = useTranslation();
  const { pending, oldestMs, toReplay, lost, settled, replayed } = journal;
  const all = Object.keys(settled) as (keyof typeof settled)[];
  const outcomes = all.filter((outcome) => settled[outcome] + replayed[outcome] > 0);
  return (
    <>
      <p className="mb-2 text-sm">
        {t('pendingSettlements', { count: pending })}{' '}
        {oldestMs !== null && t('oldestOf', { seconds: Math.round(oldestMs / 1_000) })}{' '}
        {toReplay > 0 && t('toReplay', { count: toReplay })}{' '}
        {lost > 0 && <span className="text-bad">{t('lostOperations', { count: lost })}</span>}
      </p>
      {outcomes.length === 0 && <Empty>{t('nothingSettled')}</Empty>}
      {outcomes.length > 0 && (
        <Table label={t('settled')} head={[t('whatBecame'), t('settled'), t('replayedAfterLoss')]}>
          {outcomes.map((outcome) => (
            <Row key={outcome} cells={[<Word of={outcome} />, settled[outcome], replayed[outcome]]} />
          ))}
        </Table>
      )}
    </>
  );
}
