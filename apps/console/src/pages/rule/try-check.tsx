import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useWrite } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Badge, Button, Card, Field } from '../../ui/basics.tsx';
import { Limits } from '../../ui/limits.tsx';
import { ProblemNote } from '../../ui/problem.tsx';

/** Asks as a caller does, of the rules in force. It counts, unless the amount is 0. */
export function TryCheck({ resource, per }: { readonly resource: string; readonly per: readonly string[] }) {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [amount, setAmount] = useState('0');
  const check = useWrite<Schemas['Decision']>();
  const { data } = check;
  const body = { resource, subject: values, amount: Number(amount) };
  return (
    <Card title={t('tryCheck')}>
      <ProblemNote error={check.error} />
      <div className="mb-3 flex flex-wrap items-end gap-3">
        {per.map((name) => (
          <Field
            key={name}
            label={name}
            value={values[name] ?? ''}
            onChange={(event) => setValues({ ...values, [name]: event.target.value })}
          />
        ))}
        <Field
          label={t('amount')}
          hint={t('amountHint')}
          inputMode="numeric"
          value={amount}
          onChange={(event) => setAmount(event.target.value)}
        />
        <Button disabled={!mayWork} onClick={() => check.mutate({ path: '/check', method: 'POST', body })}>
          {t('ask')}
        </Button>
      </div>
      {data && (
        <div role="status">
          <p className="mb-2 flex gap-2 text-sm">
            <Badge tone={data.allowed ? 'good' : 'bad'}>{data.allowed ? t('allowed') : t('denied')}</Badge>
            {data.reason}
          </p>
          <Limits limits={data.limits} />
        </div>
      )}
    </Card>
  );
}
