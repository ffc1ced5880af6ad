import { useTranslation } from 'react-i18next';
import { useMay, useRead, useWrite } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Button, Card, Empty, Row, Table } from '../../ui/basics.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { Instant } from '../../ui/time.tsx';
import { ControlForm } from './control-form.tsx';
import { DRILL_MINUTES, EVERY } from './lengths.ts';

/** Makes a part of a resource's calls fail on purpose. */
export function Drills() {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const { data, error } = useRead<Schemas['DrillList']>('/admin/drills', EVERY);
  const write = useWrite();
  const pathOf = (resource: string) => `/admin/drills/${encodeURIComponent(resource)}`;
  return (
    <Card title={t('drills')}>
      <ProblemNote error={write.error ?? error} />
      {data?.drills.length === 0 && <Empty>{t('noDrills')}</Empty>}
      {data !== undefined && data.drills.length > 0 && (
        <Table
          label={t('drills')}
          head={[t('resource'), t('fault'), '%', t('until'), t('reason'), t('by'), t('actions')]}
        >
          {data.drills.map((drill) => (
            <Row
              key={drill.resource}
              cells={[
                drill.resource,
                t(`fault_${drill.fault}`),
                drill.percent,
                <Instant at={drill.until} />,
                drill.reason ?? '—',
                drill.setBy ?? '—',
                mayWork && (
                  <Button onClick={() => write.mutate({ path: pathOf(drill.resource), method: 'DELETE' })}>
                    {t('end')}
                  </Button>
                ),
              ]}
            />
          ))}
        </Table>
      )}
      {mayWork && (
        <ControlForm
          kinds={['store', 'service', 'client', 'both']}
          nameOf={(kind) => t(`fault_${kind}`)}
          minutes={DRILL_MINUTES}
          question="confirmDrill"
          onSet={({ resource, kind, until, reason }) =>
            write.mutate({
              path: pathOf(resource),
              method: 'PUT',
              body: { fault: kind, percent: 10, until, ...(reason && { reason }) },
            })
          }
        />
      )}
    </Card>
  );
}
