import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay, useRead } from '../api/queries.ts';
import type { Schemas } from '../api/types.ts';
import { Badge, Button, Card, Empty, PageTitle, Row, Table } from '../ui/basics.tsx';
import { CsvButton } from '../ui/csv-button.tsx';
import { Loading, ProblemNote } from '../ui/problem.tsx';
import { useWord } from '../ui/word.tsx';
import { DeadLetters } from './webhooks/deliveries.tsx';
import { Events } from './webhooks/events.tsx';
import { TestButton } from './webhooks/test-button.tsx';

/** Where events go, what could not be delivered, and the events themselves. */
export function Page() {
  const { t } = useTranslation();
  const { data, error, isLoading } = useRead<Schemas['WebhookList']>('/admin/webhooks');
  const isOff = error?.problem.code === 'ledger-off';
  return (
    <>
      <PageTitle>{t('webhooks')}</PageTitle>
      <ProblemNote error={error} />
      {isLoading && <Loading />}
      {data && <Endpoints webhooks={data.webhooks} />}
      {!isOff && !isLoading && (
        <>
          <DeadLetters />
          <Events />
        </>
      )}
    </>
  );
}

const CREATE = `curl -X POST …/admin/webhooks -H 'authorization: Bearer <key>' -H 'content-type: application/json' \\
  -d '{"url":"https://hooks.example.org/sundial","filter":{"types":["threshold","limit-reached"]}}'`;

type Webhook = Schemas['Webhook'];

const COLUMNS = {
  id: (webhook: Webhook) => webhook.id,
  url: (webhook: Webhook) => webhook.url,
  types: (webhook: Webhook) => webhook.filter.types?.join(' '),
  resource: (webhook: Webhook) => webhook.filter.resource,
  rule: (webhook: Webhook) => webhook.filter.rule,
  enabled: (webhook: Webhook) => webhook.enabled,
  description: (webhook: Webhook) => webhook.description,
};

function Endpoints({ webhooks }: { readonly webhooks: readonly Schemas['Webhook'][] }) {
  const { t } = useTranslation();
  const word = useWord();
  const navigate = useNavigate();
  const mayWrite = useMay('admin');
  const mayWork = useMay('operator');
  const create = () => void navigate({ to: '/webhooks/$id', params: { id: 'new' } });
  return (
    <Card
      title={t('endpoints')}
      actions={
        <div className="flex gap-2">
          <CsvButton name="webhooks" rows={webhooks} columns={COLUMNS} />
          {mayWrite && (
            <Button kind="primary" onClick={create}>
              {t('newWebhook')}
            </Button>
          )}
        </div>
      }
    >
      {webhooks.length === 0 && <Empty command={CREATE}>{t('noWebhooks')}</Empty>}
      {webhooks.length > 0 && (
        <Table
          label={t('endpoints')}
          head={[t('url'), t('eventTypes'), t('resource'), t('state'), t('description'), t('actions')]}
        >
          {webhooks.map(({ id, url, filter, enabled, description }) => (
            <Row
              key={id}
              cells={[
                <Link to="/webhooks/$id" params={{ id }} className="break-all text-accent underline">
                  {url}
                </Link>,
                filter.types?.map(word).join(', ') ?? t('allTypes'),
                filter.resource ?? '—',
                <Badge tone={enabled ? 'good' : 'quiet'}>{enabled ? t('on') : t('off')}</Badge>,
                description ?? '—',
                mayWork && <TestButton id={id} />,
              ]}
            />
          ))}
        </Table>
      )}
    </Card>
  );
}
