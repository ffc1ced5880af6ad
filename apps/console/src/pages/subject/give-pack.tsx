import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useWrite } from '../../api/queries.ts';
import type { LimitState, Subject } from '../../api/types.ts';
import { Field, Select } from '../../ui/basics.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Done } from '../../ui/done.tsx';
import { subjectText } from '../../ui/subject-text.ts';
import { useKept } from '../../ui/kept.ts';
import { localToInstant } from '../../ui/local-time.ts';
import { ProblemNote } from '../../ui/problem.tsx';
import { Reason } from '../../ui/reason.tsx';

interface GivePackProps {
  readonly subject: Subject;
  readonly resource: string;
  readonly limits: readonly LimitState[];
}

/** Units that no window resets, to a subject that the rules of a resource count by. */
export function GivePack({ subject, resource, limits }: GivePackProps) {
  const { t } = useTranslation();
  const meters = [...new Set(limits.map(({ meter }) => meter))];
  const key = `pack ${resource} ${subjectText(subject)}`;
  const draft = useKept(key, { meter: meters[0]!, amount: '10', expiresAt: '', reason: '' });
  const { meter, amount, expiresAt, reason } = draft.value;
  const change = (part: Partial<typeof draft.value>) => draft.set({ ...draft.value, ...part });
  const write = useWrite(draft.discard);
  // The same pack is given once, however often the button is pressed while the answer is late.
  const [operationId, setOperationId] = useState(() => crypto.randomUUID());
  const give = () => {
    const until = localToInstant(expiresAt);
    const body = {
      ...{ resource, subject, meter, amount: Number(amount), operationId },
      ...(until && { expiresAt: until }),
      ...(reason && { reason }),
    };
    const done = { onSuccess: () => setOperationId(crypto.randomUUID()) };
    write.mutate({ path: '/admin/packs', method: 'POST', body }, done);
  };
  return (
    <div className="mt-3">
      <h3 className="mb-2 text-sm font-semibold">{t('packOf')}</h3>
      <ProblemNote error={write.error} />
      <div className="grid items-end gap-3 sm:grid-cols-2 lg:grid-cols-5">
        <Field
          label={t('amount')}
          inputMode="numeric"
          value={amount}
          onChange={(event) => change({ amount: event.target.value })}
        />
        <Select
          label={t('meter')}
          choices={meters.map((value) => ({ value, label: value }))}
          value={meter}
          onChange={(event) => change({ meter: event.target.value })}
        />
        <Field
          label={t('validUntil')}
          type="datetime-local"
          value={expiresAt}
          onChange={(event) => change({ expiresAt: event.target.value })}
        />
        <Reason value={reason} onChange={(text) => change({ reason: text })} />
        <Confirm
          action={t('givePack')}
          question={t('confirmPack', { subject: subjectText(subject), amount, meter, resource })}
          isDisabled={!/^[1-9]\d*$/.test(amount)}
          onConfirm={give}
        />
      </div>
      {write.isSuccess && <Done>{t('done')}</Done>}
    </div>
  );
}
