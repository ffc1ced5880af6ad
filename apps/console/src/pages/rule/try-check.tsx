import { useTranslation } from 'react-i18next';
import { useState } from 'react';
import { useMay, useWrite } from '../../api/queries.ts';
import type { Rule, Schemas } from '../../api/types.ts';
import { Button, Card, Field } from '../../ui/basics.tsx';
import { useKept } from '../../ui/kept.ts';
import { ProblemNote } from '../../ui/problem.tsx';
import { Answered } from '../../ui/answered.tsx';

interface Typed {
  readonly values: Readonly<Record<string, string>>;
  readonly amounts: Readonly<Record<string, string>>;
}

/** Asks as a caller does: of the draft, which counts nothing, or of the rules in force, which really counts. */
export function TryCheck({ id, rule }: { readonly id: string; readonly rule: Rule }) {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const typed = useKept<Typed>(`rule-try ${id}`, { values: {}, amounts: { units: '1' } });
  const { values, amounts } = typed.value;
  const draft = useWrite<Schemas['RuleTried']>();
  const check = useWrite<Schemas['Decision']>();
  const [of, setOf] = useState<'draft' | 'rules'>('draft');
  const asked = askedOf(values, amounts);
  const { resource } = rule;
  const tryDraft = () => {
    setOf('draft');
    draft.mutate({ path: '/admin/rules/try', method: 'POST', body: { rule, ...asked } });
  };
  const reallyCheck = () => {
    setOf('rules');
    check.mutate({ path: '/check', method: 'POST', body: { resource, ...asked } });
  };
  const answer = of === 'draft' ? draft : check;
  return (
    <Card title={t('tryCheck')}>
      <p className="mb-3 text-sm text-quiet">{t('tryHint')}</p>
      <ProblemNote error={answer.error} />
      <div className="mb-3 grid items-end gap-3 sm:grid-cols-2 lg:grid-cols-4">
        {attributesOf(rule).map((name) => (
          <Field
            key={name}
            label={name}
            {...(!rule.per.includes(name) && { hint: t('optional') })}
            value={values[name] ?? ''}
            onChange={(event) => typed.set({ amounts, values: { ...values, [name]: event.target.value } })}
          />
        ))}
        {metersOf(rule).map((meter) => (
          <Field
            key={meter}
            label={meter === 'units' ? t('amount') : `${t('amount')}: ${meter}`}
            inputMode="numeric"
            value={amounts[meter] ?? ''}
            onChange={({ target }) =>
              typed.set({ values, amounts: { ...amounts, [meter]: target.value.replace(/\D/g, '') } })
            }
          />
        ))}
      </div>
      <div className="flex flex-wrap gap-3">
        <Button kind="primary" onClick={tryDraft} disabled={draft.isPending}>
          {t('tryDraft')}
        </Button>
        {mayWork && (
          <Button onClick={reallyCheck} disabled={check.isPending}>
            {t('ask')}
          </Button>
        )}
      </div>
      {answer.data && <Answered answer={answer.data} isCounted={of === 'rules'} />}
    </Card>
  );
}

/** What it counts by, and what else of a subject says which limits it has. */
function attributesOf({ per, tiers, timeZone, limits }: Rule): readonly string[] {
  const days = limits.flatMap(({ window }) =>
    typeof window === 'object' && typeof window.startsOn === 'object' ? [window.startsOn.by] : [],
  );
  const zone = typeof timeZone === 'object' ? [timeZone.by] : [];
  return [...new Set([...per, ...(tiers ? [tiers.by] : []), ...zone, ...days])];
}

function metersOf({ limits }: Rule): readonly string[] {
  return [...new Set(['units', ...limits.map(({ meter = 'units' }) => meter)])];
}

function askedOf(values: Readonly<Record<string, string>>, amounts: Readonly<Record<string, string>>) {
  const given = Object.entries(values).filter(([, value]) => value !== '');
  const { units = '', ...others } = amounts;
  const meters = Object.entries(others).filter(([, amount]) => amount !== '');
  return {
    subject: Object.fromEntries(given),
    amount: Number(units),
    ...(meters.length > 0 && {
      amounts: Object.fromEntries(meters.map(([meter, amount]) => [meter, Number(amount)])),
    }),
  };
}
