import { CircleCheck, CircleX, LoaderCircle, Circle } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '../../api/client.ts';
import { useMay } from '../../api/queries.ts';
import { Button, Card, Field, Select } from '../../ui/basics.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { DRILL_STEPS, rehearse, type Fault, type Found, type StepName } from './drill-steps.ts';

const FAULTS: readonly Fault[] = ['store', 'service', 'client', 'both'];

type Steps = Readonly<Partial<Record<StepName, Found | 'running'>>>;

/** A short outage of one resource from beginning to end, step by step. */
export function DrillRun() {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const { steps, error, isRunning, run, stop } = useRehearsal();
  const [resource, setResource] = useState('');
  const [fault, setFault] = useState<Fault>('store');
  const [reason, setReason] = useState('');
  if (!mayWork) return null;
  return (
    <Card title={t('drillRun')}>
      <p className="mb-3 text-sm text-quiet">{t('drillRunHint')}</p>
      <ProblemNote error={error} />
      <div className="flex flex-wrap items-end gap-3">
        <Field label={t('resource')} value={resource} onChange={(event) => setResource(event.target.value)} />
        <Select
          label={t('fault')}
          choices={FAULTS.map((value) => ({ value, label: t(`fault_${value}`) }))}
          value={fault}
          onChange={(event) => setFault(event.target.value as Fault)}
        />
        <Field
          label={t('reason')}
          value={reason}
          maxLength={256}
          onChange={(event) => setReason(event.target.value)}
        />
        {isRunning ? (
          <Button kind="danger" onClick={stop}>
            {t('drillStop')}
          </Button>
        ) : (
          <Confirm
            action={t('drillStart')}
            question={t('confirmDrillRun', { resource, kind: t(`fault_${fault}`) })}
            isDangerous
            isDisabled={resource === ''}
            onConfirm={() => run({ resource, fault, reason })}
          />
        )}
      </div>
      {steps && <StepList steps={steps} />}
    </Card>
  );
}

function useRehearsal() {
  const [steps, setSteps] = useState<Steps>();
  const [error, setError] = useState<ApiError>();
  const [isRunning, setRunning] = useState(false);
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const run = (wanted: { resource: string; fault: Fault; reason: string }) => {
    const { signal } = (abort.current = new AbortController());
    setSteps({});
    setError(undefined);
    setRunning(true);
    const onStep = (name: StepName, found: Found | 'running') =>
      setSteps((before) => ({ ...before, [name]: found }));
    rehearse({ ...wanted, signal, onStep })
      .catch((reason: unknown) => {
        if (!signal.aborted) setError(reason as ApiError);
      })
      .finally(() => setRunning(false));
  };
  return { steps, error, isRunning, run, stop: () => abort.current?.abort() };
}

function StepList({ steps }: { readonly steps: Steps }) {
  const { t } = useTranslation();
  return (
    <div role="log" aria-label={t('drillRun')} className="mt-4 border-t border-line pt-3 text-sm">
      <ol>
        {DRILL_STEPS.map((name) => {
          const found = steps[name];
          return (
            <li key={name} className="flex items-center gap-2 py-1" data-step={name}>
              <Mark found={found} />
              <span className={found === undefined ? 'text-quiet' : ''}>{t(`drillStep_${name}`)}</span>
              {typeof found === 'object' && (
                <span className="text-quiet tabular-nums">
                  {t(`drillFound_${name}`, { count: found.count, all: found.all })}
                </span>
              )}
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function Mark({ found }: { readonly found: Found | 'running' | undefined }) {
  const { t } = useTranslation();
  if (found === undefined) return <Circle size={16} className="text-line" aria-hidden />;
  if (found === 'running')
    return (
      <LoaderCircle
        size={16}
        className="animate-spin text-accent motion-reduce:animate-none"
        role="img"
        aria-label={t('drillRunning')}
      />
    );
  return found.isOk ? (
    <CircleCheck size={16} className="text-good" role="img" aria-label={t('drillOk')} />
  ) : (
    <CircleX size={16} className="text-bad" role="img" aria-label={t('drillFailed')} />
  );
}
