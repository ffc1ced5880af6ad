import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useRead, useWrite } from '../api/queries.ts';
import type { Schemas } from '../api/types.ts';
import { Button, Card, PageTitle } from '../ui/basics.tsx';
import { Confirm } from '../ui/confirm.tsx';
import { useKept } from '../ui/kept.ts';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { Reason } from '../ui/reason.tsx';
import { DeliveriesOf } from './webhooks/deliveries.tsx';
import { TestButton } from './webhooks/test-button.tsx';
import { WebhookForm, type WebhookDraft } from './webhooks/webhook-form.tsx';

const NEW: WebhookDraft = { url: '', filter: {}, enabled: true };

interface NewSecret {
  /** The id of the webhook. */
  readonly of: string;
  readonly text: string;
}

/** One webhook: what it gets and how, a test of it, and its deliveries. */
export function Page() {
  const { t } = useTranslation();
  const { id = 'new' } = useParams({ strict: false });
  const isNew = id === 'new';
  const path = `/admin/webhooks/${encodeURIComponent(id)}`;
  const { data, error, isLoading } = useRead<Schemas['Webhook']>(path, { isOn: !isNew });
  const mayWork = useMay('operator');
  // Shown once, also while the page of the new webhook takes the place of this one.
  const [secret, setSecret] = useState<NewSecret>();
  return (
    <>
      <PageTitle>{isNew ? t('newWebhook') : (data?.url ?? id)}</PageTitle>
      <ProblemNote error={error} />
      {isLoading && <Loading />}
      {secret && secret.of === id && (
        <Card title={t('secret')}>
          <p role="status" className="mb-2 text-sm text-warn">
            {t('secretOnce')}
          </p>
          <code className="break-all">{secret.text}</code>
        </Card>
      )}
      {(isNew || data) && <Editor key={id} id={id} saved={data} onSecret={setSecret} />}
      {data && mayWork && (
        <Card title={t('sendTest')}>
          <TestButton id={id} />
        </Card>
      )}
      {data && <DeliveriesOf id={id} />}
    </>
  );
}

interface EditorProps {
  readonly id: string;
  /** Undefined: a new one. */
  readonly saved: Schemas['Webhook'] | undefined;
  readonly onSecret: (secret: NewSecret | undefined) => void;
}

function Editor({ id, saved, onSecret }: EditorProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const mayWrite = useMay('admin');
  const draft = useKept<WebhookDraft>(`webhook ${id}`, saved ? draftOf(saved) : NEW);
  const [reason, setReason] = useState('');
  const path = `/admin/webhooks/${encodeURIComponent(id)}`;
  const write = useWrite<Schemas['WebhookWritten']>(({ webhook, secret }) => {
    draft.discard();
    onSecret(secret === undefined ? undefined : { of: webhook.id, text: secret });
    if (saved === undefined)
      void navigate({ to: '/webhooks/$id', params: { id: webhook.id }, replace: true });
  });
  const remove = useWrite(() => void navigate({ to: '/webhooks' }));
  const save = (more: object = {}) => {
    const body = { ...draft.value, ...(reason && { reason }), ...more };
    write.mutate(
      saved === undefined ? { path: '/admin/webhooks', method: 'POST', body } : { path, method: 'PUT', body },
    );
  };
  return (
    <Card title={t('endpoint')}>
      <ProblemNote error={write.error ?? remove.error} />
      {write.isSuccess && (
        <p role="status" className="mb-3 text-sm text-good">
          {t('done')}
        </p>
      )}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <fieldset disabled={!mayWrite} className="contents">
          <WebhookForm draft={draft.value} onChange={draft.set} />
        </fieldset>
        {mayWrite && (
          <div className="mt-4 flex flex-wrap items-end gap-3">
            <Reason value={reason} onChange={setReason} />
            <Button kind="primary" type="submit" disabled={draft.value.url === ''}>
              {t('save')}
            </Button>
            <Button onClick={draft.discard} disabled={!draft.isChanged}>
              {t('discard')}
            </Button>
            {saved && (
              <>
                <Confirm
                  action={t('rotateSecret')}
                  question={t('confirmRotate', { url: saved.url })}
                  isDangerous
                  onConfirm={() => save({ rotateSecret: true })}
                />
                <Confirm
                  action={t('delete')}
                  question={t('deleteWebhook', { url: saved.url })}
                  isDangerous
                  onConfirm={() => remove.mutate({ path, method: 'DELETE', query: { reason } })}
                />
              </>
            )}
          </div>
        )}
      </form>
    </Card>
  );
}

function draftOf({ url, filter, template, description, enabled }: Schemas['Webhook']): WebhookDraft {
  return {
    url,
    filter,
    enabled: enabled ?? true,
    ...(template && { template }),
    ...(description && { description }),
  };
}
