import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/queries.ts';
import type { Schemas, Subject } from '../../api/types.ts';
import { Card, Row, Subheading, Table } from '../../ui/basics.tsx';
import { CsvButton } from '../../ui/csv-button.tsx';
import { Limits } from '../../ui/limits.tsx';
import { useNumbers } from '../../ui/numbers.ts';
import { Instant } from '../../ui/time.tsx';
import { Word } from '../../ui/word.tsx';
import { BrakeSubject } from './brake.tsx';
import { GivePack } from './give-pack.tsx';
import { Packs } from './packs.tsx';
import { Raise } from './raise.tsx';

type Usage = Schemas['SubjectUsage']['resources'][number];

interface ResourceCardProps {
  readonly subject: Subject;
  readonly usage: Usage;
  readonly zone: string | undefined;
}

const COLUMNS = {
  rule: (limit: Usage['limits'][number]) => limit.rule,
  window: (limit: Usage['limits'][number]) => limit.window,
  meter: (limit: Usage['limits'][number]) => limit.meter,
  used: (limit: Usage['limits'][number]) => limit.used,
  reserved: (limit: Usage['limits'][number]) => limit.reserved,
  max: (limit: Usage['limits'][number]) => limit.max,
  source: (limit: Usage['limits'][number]) => limit.source,
  resetsAt: (limit: Usage['limits'][number]) => limit.resetsAt,
};

/** What a subject has used and holds of one resource, and what else it may have of it. */
export function ResourceCard({ subject, usage, zone }: ResourceCardProps) {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const { resource, limits, holds } = usage;
  const raise = (limit: Usage['limits'][number]) =>
    mayWork && limit.max !== null && <Raise subject={subject} limit={limit} />;
  return (
    <Card title={resource} actions={<CsvButton name="limits" rows={limits} columns={COLUMNS} />}>
      <Limits limits={limits} zone={zone} action={raise} />
      {holds && <Holds holds={holds} />}
      <Packs subject={subject} resource={resource} />
      {mayWork && (
        <details className="mt-4 border-t border-line pt-3">
          <summary className="cursor-pointer text-sm font-semibold">{t('moreFor')}</summary>
          <GivePack subject={subject} resource={resource} limits={limits} />
          <BrakeSubject subject={subject} resource={resource} />
        </details>
      )}
    </Card>
  );
}

type Hold = NonNullable<Usage['holds']>[number];

const HOLD_COLUMNS = {
  rule: (hold: Hold) => hold.rule,
  amounts: (hold: Hold) => hold.amounts,
  expiresAt: (hold: Hold) => hold.expiresAt,
  onExpiry: (hold: Hold) => hold.onExpiry ?? 'release',
};

/** Reservations that are live, the first to expire first. */
function Holds({ holds }: { readonly holds: readonly Hold[] }) {
  const { t } = useTranslation();
  const numbers = useNumbers();
  return (
    <div className="mt-4 border-t border-line pt-3">
      <Subheading actions={<CsvButton name="holds" rows={holds} columns={HOLD_COLUMNS} />}>
        {t('holds')}
      </Subheading>
      <Table label={t('holds')} head={[t('rule'), t('held'), t('until'), t('ifNothing')]}>
        {holds.map(({ rule, amounts, expiresAt, onExpiry }, index) => (
          <Row
            key={index}
            cells={[
              rule,
              numbers.amounts(amounts),
              <Instant at={expiresAt} />,
              <Word of={onExpiry ?? 'release'} />,
            ]}
          />
        ))}
      </Table>
    </div>
  );
}
