import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useWrite } from '../../api/queries.ts';
import type { LimitState, Schemas, Subject } from '../../api/types.ts';
import { Card, Empty, Select } from '../../ui/basics.tsx';
import { CsvButton } from '../../ui/csv-button.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { subjectText } from '../../ui/subject-text.ts';
import { Loading, ProblemNote } from '../../ui/problem.tsx';
import { ExactTime, Instant } from '../../ui/time.tsx';
import { OVERRIDE_COLUMNS, useOverride, useOverriddenText } from './override-of.ts';
import { OverrideForm } from './override-form.tsx';

interface OverridesProps {
  readonly subject: Subject;
  readonly limits: readonly LimitState[];
}

/** The limits that a subject has for itself, of one rule after the other. */
export function Overrides({ subject, limits }: OverridesProps) {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const rules = [...new Set(limits.map(({ rule }) => rule))];
  const [chosen, setChosen] = useState(rules[0]!);
  const rule = rules.includes(chosen) ? chosen : rules[0]!;
  const { subject: its, override, isKnown } = useOverride(rule, subject);
  return (
    <Card
      title={t('overrides')}
      actions={<CsvButton name="overrides" rows={override ? [override] : []} columns={OVERRIDE_COLUMNS} />}
    >
      <p className="mb-3 text-sm text-quiet">{t('overridesHint')}</p>
      {rules.length > 1 && (
        <div className="mb-3 max-w-xs">
          <Select
            label={t('rule')}
            choices={rules.map((value) => ({ value, label: value }))}
            value={rule}
            onChange={(event) => setChosen(event.target.value)}
          />
        </div>
      )}
      {!isKnown && <Loading />}
      {isKnown && !override && <Empty>{t('noOverride')}</Empty>}
      {override && <InForce override={override} subject={its} />}
      {mayWork && isKnown && (
        <OverrideForm
          key={`${rule} ${override?.setAt ?? ''}`}
          {...{ rule, subject: its, override }}
          limits={limits.filter((limit) => limit.rule === rule)}
        />
      )}
    </Card>
  );
}

interface InForceProps {
  readonly override: Schemas['Override'];
  readonly subject: Subject;
}

function InForce({ override, subject }: InForceProps) {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const text = useOverriddenText();
  const remove = useWrite();
  const { rule, validFrom, validUntil, reason, setBy, setAt } = override;
  const query = { rule, subject: JSON.stringify(subject) };
  return (
    <div className="text-sm">
      <ProblemNote error={remove.error} />
      <p className="font-medium">{text(override)}</p>
      <p className="text-quiet">
        {validFrom && (
          <>
            {t('validFrom')} <ExactTime at={validFrom} />{' '}
          </>
        )}
        {validUntil && (
          <>
            {t('validUntil')} <Instant at={validUntil} /> (<ExactTime at={validUntil} />){' '}
          </>
        )}
      </p>
      <p className="mb-2 text-quiet">
        {reason && `${reason} · `}
        {setBy && `${t('setBySince', { by: setBy })} · `}
        <Instant at={setAt} />
      </p>
      {mayWork && (
        <Confirm
          action={t('removeOverride')}
          question={t('confirmRemoveOverride', { rule, subject: subjectText(subject) })}
          isDangerous
          onConfirm={() => remove.mutate({ path: '/admin/overrides', method: 'DELETE', query })}
        />
      )}
    </div>
  );
}
