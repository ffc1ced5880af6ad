import { useTranslation } from 'react-i18next';
import { useMay, useRead, useWrite } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Badge, Button, Card, Empty, Row, Table } from '../../ui/basics.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { Instant } from '../../ui/time.tsx';
import { ControlForm } from './control-form.tsx';
import { EVERY, MINUTES } from './lengths.ts';

/** Opens a resource to all, or closes it. */
export function Gates() {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const { data, error } = useRead<Schemas['GateList']>('/admin/gates', EVERY);
  const write = useWrite();
  const pathOf = (resource: string | null) =>
    resource === null ? '/admin/gates' : `/admin/gates/${encodeURIComponent(resource)}`;
  return (
    <Card title={t('gates')}>
      <ProblemNote error={write.error ?? error} />
      {data?.gates.length === 0 && <Empty>{t('noGates')}</Empty>}
      {data !== undefined && data.gates.length > 0 && (
        <Table
          label={t('gates')}
          head={[t('resource'), t('state'), t('until'), t('reason'), t('by'), t('actions')]}
        >
          {data.gates.map((gate) => (
            <Row
              key={gate.resource ?? '*'}
              cells={[
                gate.resource ?? t('allResources'),
                <Badge tone={gate.gate === 'closed' ? 'bad' : 'warn'}>{t(`gate_${gate.gate}`)}</Badge>,
                gate.until ? <Instant at={gate.until} /> : t('untilChanged'),
                gate.reason ?? '—',
                gate.setBy ?? '—',
                mayWork && (
                  <Button
                    onClick={() =>
                      write.mutate({ path: pathOf(gate.resource), method: 'PUT', body: { gate: 'normal' } })
                    }
                  >
                    {t('backToNormal')}
                  </Button>
                ),
              ]}
            />
          ))}
        </Table>
      )}
      {mayWork && (
        <ControlForm
          kinds={['closed', 'open']}
          nameOf={(kind) => t(`gate_${kind}`)}
          minutes={MINUTES}
          question="confirmGate"
          onSet={({ resource, kind, until, reason }) =>
            write.mutate({
              path: pathOf(resource === '*' ? null : resource),
              method: 'PUT',
              body: { gate: kind, until, ...(reason && { reason }) },
            })
          }
        />
      )}
    </Card>
  );
}
