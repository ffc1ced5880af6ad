import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useWrite } from '../../api/queries.ts';
import type { LimitState, Subject } from '../../api/types.ts';
import { Field } from '../../ui/basics.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Done } from '../../ui/done.tsx';
import { subjectText } from '../../ui/subject-text.ts';
import { ProblemNote } from '../../ui/problem.tsx';
import { Reason } from '../../ui/reason.tsx';
import { exact } from '../../ui/time.tsx';
import { useWindowName } from '../../ui/window-name.ts';
import { useOverride, useOverriddenText } from './override-of.ts';

interface RaiseProps {
  readonly subject: Subject;
  readonly limit: LimitState;
}

/** More of one limit until its window ends: a click, a reason, a click. */
export function Raise({ subject, limit }: RaiseProps) {
  const { t } = useTranslation();
  const windowName = useWindowName();
  const { rule, window, meter, max, resetsAt } = limit;
  const [amount, setAmount] = useState(String(max || 10));
  const [reason, setReason] = useState('');
  const write = useWrite();
  const its = useOverride(rule, subject);
  const raise = () => {
    const more = { window, add: Number(amount), ...(meter !== 'units' && { meter }) };
    const body = {
      ...{ rule, subject: its.subject, limits: [more] },
      ...(resetsAt && { validUntil: resetsAt }),
      ...(reason && { reason }),
    };
    write.mutate({ path: '/admin/overrides', method: 'PUT', body });
  };
  const names = { rule, window: windowName(window), meter, subject: subjectText(its.subject) };
  return (
    <>
      <Confirm
        action={t('raiseToday')}
        confirm={t('raiseNow')}
        question={t('raiseLimit', names)}
        isDisabled={!its.isKnown}
        onConfirm={raise}
      >
        <Until limit={limit} subject={subject} />
        <div className="flex flex-wrap gap-3">
          <Field
            label={t('raiseBy')}
            inputMode="numeric"
            value={amount}
            onChange={(event) => setAmount(event.target.value)}
          />
          <Reason value={reason} onChange={setReason} autoFocus />
        </div>
      </Confirm>
      <ProblemNote error={write.error} />
      {write.isSuccess && <Done>{t('done')}</Done>}
    </>
  );
}

/** How long it holds, and what it takes the place of: a subject has one override of a rule. */
function Until({ limit: { rule, resetsAt, timeZone }, subject }: RaiseProps) {
  const { t, i18n } = useTranslation();
  const { override } = useOverride(rule, subject);
  const text = useOverriddenText();
  return (
    <div className="mb-3 text-sm">
      <p className="text-quiet">
        {resetsAt ? t('raiseUntil', { until: exact(resetsAt, i18n.language, timeZone) }) : t('raiseAlways')}
      </p>
      {override && <p className="mt-1 text-warn">{t('raiseReplaces', { limits: text(override) })}</p>}
    </div>
  );
}
