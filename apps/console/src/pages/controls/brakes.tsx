import { useTranslation } from 'react-i18next';
import { useMay, useRead, useWrite } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Button, Card, Empty, Row, Table } from '../../ui/basics.tsx';
import { SubjectLink } from '../../ui/links.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { Instant } from '../../ui/time.tsx';
import { ControlForm } from './control-form.tsx';
import { EVERY, MINUTES } from './lengths.ts';

/** Turns a part of a resource's operations away. */
export function Brakes() {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const { data, error } = useRead<Schemas['BrakeList']>('/admin/brakes', EVERY);
  const write = useWrite();
  return (
    <Card title={t('brakes')}>
      <ProblemNote error={write.error ?? error} />
      {data?.brakes.length === 0 && <Empty>{t('noBrakes')}</Empty>}
      {data !== undefined && data.brakes.length > 0 && (
        <Table
          label={t('brakes')}
          head={[t('resource'), t('subject'), '%', t('until'), t('reason'), t('by'), t('actions')]}
        >
          {data.brakes.map((brake) => (
            <Row
              key={brake.id}
              cells={[
                brake.resource,
                <SubjectLink subject={brake.subject} />,
                brake.percent,
                <Instant at={brake.until} />,
                brake.reason ?? '—',
                brake.setBy ?? '—',
                mayWork && (
                  <Button
                    onClick={() => write.mutate({ path: `/admin/brakes/${brake.id}`, method: 'DELETE' })}
                  >
                    {t('remove')}
                  </Button>
                ),
              ]}
            />
          ))}
        </Table>
      )}
      {mayWork && (
        <ControlForm
          kinds={['10', '50', '90', '100']}
          nameOf={(kind) => `${kind} %`}
          minutes={MINUTES}
          question="confirmBrake"
          onSet={({ resource, kind, until, reason }) =>
            write.mutate({
              path: '/admin/brakes',
              method: 'PUT',
              body: { resource, percent: Number(kind), until, ...(reason && { reason }) },
            })
          }
        />
      )}
    </Card>
  );
}
