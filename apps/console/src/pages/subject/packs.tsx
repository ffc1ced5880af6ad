import { useTranslation } from 'react-i18next';
import { useMay, useRead, useWrite } from '../../api/queries.ts';
import type { Schemas, Subject } from '../../api/types.ts';
import { Badge, Empty, Row, Subheading, Table } from '../../ui/basics.tsx';
import { CsvButton } from '../../ui/csv-button.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { subjectText } from '../../ui/subject-text.ts';
import { useNumbers } from '../../ui/numbers.ts';
import { ProblemNote } from '../../ui/problem.tsx';
import { Instant } from '../../ui/time.tsx';

type Pack = Schemas['SubjectPacks']['packs'][number];

const COLUMNS = {
  id: (pack: Pack) => pack.id,
  meter: (pack: Pack) => pack.meter,
  remaining: (pack: Pack) => pack.remaining,
  amount: (pack: Pack) => pack.amount,
  state: (pack: Pack) => pack.state,
  expiresAt: (pack: Pack) => pack.expiresAt,
  createdAt: (pack: Pack) => pack.createdAt,
};

interface PacksProps {
  readonly subject: Subject;
  readonly resource: string;
}

/** What a subject was given on top of its windows of one resource. */
export function Packs({ subject, resource }: PacksProps) {
  const { t } = useTranslation();
  const { units } = useNumbers();
  const mayWork = useMay('operator');
  const query = { resource, subject: JSON.stringify(subject) };
  const { data, error } = useRead<Schemas['SubjectPacks']>('/admin/packs', { query, everyMs: 10_000 });
  const cancel = useWrite();
  const packs = data?.packs ?? [];
  return (
    <div className="mt-4 border-t border-line pt-3">
      <Subheading actions={<CsvButton name="packs" rows={packs} columns={COLUMNS} />}>
        {t('packs')}
      </Subheading>
      <ProblemNote error={cancel.error ?? error} />
      {data && packs.length === 0 && <Empty>{t('noPacks')}</Empty>}
      {packs.length > 0 && (
        <Table
          label={`${t('packs')}: ${resource}`}
          head={[t('meter'), t('remaining'), t('state'), t('until'), t('since'), t('actions')]}
        >
          {packs.map(({ id, meter, amount, remaining, state, expiresAt, createdAt }) => (
            <Row
              key={id}
              cells={[
                meter,
                `${units(remaining)} / ${units(amount)}`,
                <Badge tone={state === 'active' ? 'good' : 'quiet'}>{t(`pack_${state}`)}</Badge>,
                expiresAt ? <Instant at={expiresAt} /> : t('never'),
                <Instant at={createdAt} />,
                mayWork && state === 'active' && (
                  <Confirm
                    action={t('packCancel')}
                    question={t('confirmPackCancel', { id, subject: subjectText(subject), remaining, meter })}
                    isDangerous
                    onConfirm={() => cancel.mutate({ path: `/admin/packs/${id}`, method: 'DELETE', query })}
                  />
                ),
              ]}
            />
          ))}
        </Table>
      )}
    </div>
  );
}
