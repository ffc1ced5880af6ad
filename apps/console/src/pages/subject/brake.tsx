import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRead, useWrite } from '../../api/queries.ts';
import type { Schemas, Subject } from '../../api/types.ts';
import { Button, Select } from '../../ui/basics.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { subjectText } from '../../ui/subject-text.ts';
import { ProblemNote } from '../../ui/problem.tsx';
import { Reason } from '../../ui/reason.tsx';
import { Instant } from '../../ui/time.tsx';

const SHARES = ['10', '50', '90', '100'];
const MINUTES = ['15', '60', '240', '1440'];

interface BrakeProps {
  readonly subject: Subject;
  readonly resource: string;
}

/** Turns a share of one subject's operations away, for a while. */
export function BrakeSubject({ subject, resource }: BrakeProps) {
  const { t } = useTranslation();
  const [percent, setPercent] = useState('50');
  const [minutes, setMinutes] = useState('15');
  const [reason, setReason] = useState('');
  const write = useWrite();
  const brake = () => {
    const until = new Date(Date.now() + Number(minutes) * 60_000).toISOString();
    const body = { resource, subject, percent: Number(percent), until, ...(reason && { reason }) };
    write.mutate({ path: '/admin/brakes', method: 'PUT', body });
  };
  const asked = { subject: subjectText(subject), resource, percent, minutes };
  return (
    <div className="mt-4">
      <h3 className="mb-1 text-sm font-semibold">{t('brakeSubject')}</h3>
      <p className="mb-2 text-sm text-quiet">{t('brakeSubjectHint')}</p>
      <ProblemNote error={write.error} />
      <InForce subject={subject} resource={resource} />
      <div className="grid items-end gap-3 sm:grid-cols-2 lg:grid-cols-5">
        <Select
          label={t('percent')}
          choices={SHARES.map((value) => ({ value, label: `${value} %` }))}
          value={percent}
          onChange={(event) => setPercent(event.target.value)}
        />
        <Select
          label={t('length')}
          choices={MINUTES.map((value) => ({ value, label: t('minutes', { count: Number(value) }) }))}
          value={minutes}
          onChange={(event) => setMinutes(event.target.value)}
        />
        <Reason value={reason} onChange={setReason} />
        <Confirm
          action={t('brakeSubject')}
          question={t('confirmBrakeSubject', asked)}
          isDangerous
          onConfirm={brake}
        />
      </div>
    </div>
  );
}

function InForce({ subject, resource }: BrakeProps) {
  const { t } = useTranslation();
  const { data } = useRead<Schemas['BrakeList']>('/admin/brakes', { everyMs: 5_000 });
  const write = useWrite();
  const its = (data?.brakes ?? []).filter(
    (brake) => brake.resource === resource && subjectText(brake.subject) === subjectText(subject),
  );
  return its.map(({ id, percent, until, reason }) => (
    <p key={id} className="mb-2 flex flex-wrap items-center gap-3 text-sm text-warn">
      <span>
        {percent} % · <Instant at={until} /> {reason}
      </span>
      <Button onClick={() => write.mutate({ path: `/admin/brakes/${id}`, method: 'DELETE' })}>
        {t('remove')}
      </Button>
    </p>
  ));
}
