import { useTranslation } from 'react-i18next';
import { useWrite } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Button } from '../../ui/basics.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { Word } from '../../ui/word.tsx';

/** Sends the webhook an event of type `test` now, and says what the receiver answered. */
export function TestButton({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const test = useWrite<Schemas['WebhookTested']>();
  const path = `/admin/webhooks/${encodeURIComponent(id)}/test`;
  return (
    <div>
      <Button onClick={() => test.mutate({ path, method: 'POST' })} disabled={test.isPending}>
        {t('sendTest')}
      </Button>
      <ProblemNote error={test.error} />
      {test.data && (
        <p role="status" className={`mt-1 text-sm ${test.data.delivered ? 'text-good' : 'text-bad'}`}>
          {test.data.delivered ? t('testDelivered') : t('testFailed')}{' '}
          {test.data.status ?? (test.data.error && <Word of={test.data.error} />)}
        </p>
      )}
    </div>
  );
}
