import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useWrite } from '../../api/queries.ts';
import type { Subject } from '../../api/types.ts';
import { Card } from '../../ui/basics.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Done } from '../../ui/done.tsx';
import { subjectText } from '../../ui/subject-text.ts';
import { ProblemNote } from '../../ui/problem.tsx';
import { Reason } from '../../ui/reason.tsx';

export function Reset({ subject }: { readonly subject: Subject }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  const write = useWrite();
  const body = { subject, ...(reason && { reason }) };
  return (
    <Card title={t('reset')}>
      <ProblemNote error={write.error} />
      <p className="mb-3 text-sm text-quiet">{t('resetHint')}</p>
      <div className="flex flex-wrap items-end gap-3">
        <Reason value={reason} onChange={setReason} />
        <Confirm
          action={t('reset')}
          question={t('resetOf', { subject: subjectText(subject) })}
          isDangerous
          onConfirm={() => write.mutate({ path: '/admin/subjects/reset', method: 'POST', body })}
        />
      </div>
      {write.isSuccess && <Done>{t('done')}</Done>}
    </Card>
  );
}
