import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useRead, useWrite } from '../api/queries.ts';
import type { Schemas } from '../api/types.ts';
import { Badge, Button, Card, Empty, Field, PageTitle, Row, Select, Table } from '../ui/basics.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { ProblemNote } from '../ui/problem.tsx';
import { Instant } from '../ui/time.tsx';

const EVERY = { everyMs: 3_000 };
const MINUTES = ['15', '60', '240', '1440'];
/** A drill lasts an hour at most. */
const DRILL_MINUTES = ['5', '15', '30', '59'];

/** What operators set without a rule: gates, brakes and drills, each with its end and its reason. */
export function Page() {
  const { t } = useTranslation();
  return (
    <>
      <PageTitle>{t('controls')}</PageTitle>
      <Gates />
      <Brakes />
      <Drills />
    </>
  );
}

function Gates() {
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
        <Table label={t('gates')} head={[t('resource'), t('state'), t('until'), t('reason'), t('by'), '']}>
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

function Brakes() {
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
          head={[t('resource'), t('subject'), '%', t('until'), t('reason'), t('by'), '']}
        >
          {data.brakes.map((brake) => (
            <Row
              key={brake.id}
              cells={[
                brake.resource,
                brake.subject ? new URLSearchParams(brake.subject as Record<string, string>).toString() : '—',
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

function Drills() {
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
          head={[t('resource'), t('fault'), '%', t('until'), t('reason'), t('by'), '']}
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

interface Wanted {
  readonly resource: string;
  readonly kind: string;
  readonly until: string;
  readonly reason: string;
}

interface ControlFormProps {
  readonly kinds: readonly string[];
  readonly nameOf: (kind: string) => string;
  readonly minutes: readonly string[];
  readonly question: string;
  readonly onSet: (wanted: Wanted) => void;
}

function ControlForm({ kinds, nameOf, minutes, question, onSet }: ControlFormProps) {
  const { t } = useTranslation();
  const [resource, setResource] = useState('');
  const [kind, setKind] = useState(kinds[0]!);
  const [length, setLength] = useState(minutes[0]!);
  const [reason, setReason] = useState('');
  const set = () =>
    onSet({ resource, kind, reason, until: new Date(Date.now() + Number(length) * 60_000).toISOString() });
  return (
    <div className="mt-4 flex flex-wrap items-end gap-3 border-t border-line pt-3">
      <Field
        label={t('resource')}
        placeholder={question === 'confirmGate' ? '*' : ''}
        value={resource}
        onChange={(event) => setResource(event.target.value)}
      />
      <Select
        label={t('state')}
        choices={kinds.map((value) => ({ value, label: nameOf(value) }))}
        value={kind}
        onChange={(event) => setKind(event.target.value)}
      />
      <Select
        label={t('length')}
        choices={minutes.map((value) => ({ value, label: t('minutes', { count: Number(value) }) }))}
        value={length}
        onChange={(event) => setLength(event.target.value)}
      />
      <Field label={t('reason')} value={reason} maxLength={256} onChange={(e) => setReason(e.target.value)} />
      <Confirm
        action={t('set')}
        question={t(question, { resource, kind: nameOf(kind), minutes: length })}
        isDangerous
        isDisabled={resource === ''}
        onConfirm={set}
      />
    </div>
  );
}
