import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useWrite } from '../../api/queries.ts';
import type { LimitState, Subject } from '../../api/types.ts';
import { Button, Field, Select } from '../../ui/basics.tsx';
import { windowName } from '../../ui/limits.tsx';
import { ProblemNote } from '../../ui/problem.tsx';

interface ActionsProps {
  readonly subject: Subject;
  readonly resource: string;
  readonly limits: readonly LimitState[];
}

/** More of one limit until its window ends, or a pack that no window resets. */
export function SubjectActions({ subject, resource, limits }: ActionsProps) {
  const { t } = useTranslation();
  const [at, setAt] = useState('0');
  const [amount, setAmount] = useState('10');
  const [reason, setReason] = useState('');
  const write = useWrite();
  const limit = limits[Number(at)] ?? limits[0];
  if (limit === undefined) return null;
  const why = reason && { reason };
  const { rule, window, meter, resetsAt } = limit;
  const raise = () => {
    const more = { window, add: Number(amount), ...(meter !== 'units' && { meter }) };
    const body = { rule, subject, limits: [more], ...(resetsAt && { validUntil: resetsAt }), ...why };
    write.mutate({ path: '/admin/overrides', method: 'PUT', body });
  };
  const give = () => {
    const operationId = crypto.randomUUID();
    const body = { resource, subject, meter, amount: Number(amount), operationId, ...why };
    write.mutate({ path: '/admin/packs', method: 'POST', body });
  };
  return (
    <div className="mt-4 border-t border-line pt-3">
      <ProblemNote error={write.error} />
      <div className="flex flex-wrap items-end gap-3">
        <Select
          label={t('limit')}
          choices={limits.map((one, index) => ({
            value: String(index),
            label: `${one.rule} · ${windowName(one.window)} · ${one.meter}`,
          }))}
          value={at}
          onChange={(event) => setAt(event.target.value)}
        />
        <Field
          label={t('amount')}
          inputMode="numeric"
          value={amount}
          onChange={(e) => setAmount(e.target.value)}
        />
        <Field
          label={t('reason')}
          value={reason}
          maxLength={256}
          onChange={(e) => setReason(e.target.value)}
        />
        <Button kind="primary" onClick={raise} disabled={limit.max === null}>
          {t('raise')}
        </Button>
        <Button onClick={give}>{t('givePack')}</Button>
      </div>
      {write.isSuccess && (
        <p role="status" className="mt-2 text-sm text-good">
          {t('done')}
        </p>
      )}
    </div>
  );
}
