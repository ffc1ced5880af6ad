import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay, useRead, useWrite } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Badge, Button, Card, Empty, Row, Select, Table } from '../../ui/basics.tsx';
import { CsvButton } from '../../ui/csv-button.tsx';
import { useWanted } from '../../ui/filters.tsx';
import { Pager } from '../../ui/pager.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { Instant } from '../../ui/time.tsx';
import { Word } from '../../ui/word.tsx';

const STATES = ['', 'pending', 'delivered', 'dead'];
const EVERY_MS = 5_000;
const TONES = { pending: 'warn', delivered: 'good', dead: 'bad' } as const;

type Deliveries = Schemas['DeliveryList'];
type Delivery = Deliveries['deliveries'][number];

const COLUMNS = {
  createdAt: (delivery: Delivery) => delivery.createdAt,
  webhookId: (delivery: Delivery) => delivery.webhookId,
  type: (delivery: Delivery) => delivery.type,
  eventId: (delivery: Delivery) => delivery.eventId,
  state: (delivery: Delivery) => delivery.state,
  attempts: (delivery: Delivery) => delivery.attempts,
  lastStatus: (delivery: Delivery) => delivery.lastStatus,
  lastError: (delivery: Delivery) => delivery.lastError,
  nextAttemptAt: (delivery: Delivery) => delivery.nextAttemptAt,
};

/** What was and is to be delivered to one webhook. */
export function DeliveriesOf({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const wanted = useWanted();
  const { cursor, state = '' } = wanted;
  const query = { state, limit: '50', cursor };
  const path = `/admin/webhooks/${encodeURIComponent(id)}/deliveries`;
  const { data, error } = useRead<Deliveries>(path, { query, everyMs: EVERY_MS });
  return (
    <Card
      title={t('deliveries')}
      actions={<CsvButton name="deliveries" rows={data?.deliveries} columns={COLUMNS} />}
    >
      <div className="mb-3 max-w-48">
        <Select
          label={t('state')}
          choices={STATES.map((value) => ({
            value,
            label: value === '' ? t('allStates') : t(`delivery_${value}`),
          }))}
          value={state}
          onChange={({ target: { value } }) =>
            void navigate({
              to: `/webhooks/${id}`,
              search: (value && { state: value }) as never,
              replace: true,
            })
          }
        />
      </div>
      <ProblemNote error={error} />
      {data?.deliveries.length === 0 && (
        <Empty command={`curl -X POST …/admin/webhooks/${id}/test -H 'authorization: Bearer <key>'`}>
          {t('noDeliveries')}
        </Empty>
      )}
      {data !== undefined && data.deliveries.length > 0 && (
        <DeliveryTable label={t('deliveries')} deliveries={data.deliveries} />
      )}
      <Pager next={data?.next} />
    </Card>
  );
}

/** Deliveries that are tried no more, of all webhooks. */
export function DeadLetters() {
  const { t } = useTranslation();
  const wanted = useWanted();
  const query = { limit: '50', cursor: wanted['dead'] };
  const { data, error } = useRead<Deliveries>('/admin/dead-letters', { query, everyMs: EVERY_MS });
  const { data: all } = useRead<Schemas['WebhookList']>('/admin/webhooks');
  const endpoints = new Map(all?.webhooks.map(({ id, url }) => [id, url]));
  return (
    <Card
      title={t('deadLetters')}
      actions={<CsvButton name="dead-letters" rows={data?.deliveries} columns={COLUMNS} />}
    >
      <ProblemNote error={error} />
      {data?.deliveries.length === 0 && <Empty>{t('noDeadLetters')}</Empty>}
      {data !== undefined && data.deliveries.length > 0 && (
        <DeliveryTable label={t('deadLetters')} deliveries={data.deliveries} endpoints={endpoints} />
      )}
      <Pager next={data?.next} name="dead" />
    </Card>
  );
}

interface EndpointProps {
  readonly id: string;
  readonly endpoints: ReadonlyMap<string, string>;
}

function Endpoint({ id, endpoints }: EndpointProps) {
  return (
    <Link to="/webhooks/$id" params={{ id }} className="break-all text-accent underline">
      {endpoints.get(id) ?? id}
    </Link>
  );
}

interface DeliveryTableProps {
  readonly label: string;
  readonly deliveries: Deliveries['deliveries'];
  /** Where they are of several webhooks: their addresses by their ids. */
  readonly endpoints?: ReadonlyMap<string, string>;
}

function DeliveryTable({ label, deliveries, endpoints }: DeliveryTableProps) {
  const { t } = useTranslation();
  const mayWork = useMay('operator');
  const resend = useWrite();
  return (
    <>
      <ProblemNote error={resend.error} />
      <Table
        label={label}
        head={[
          t('since'),
          ...(endpoints ? [t('endpoint')] : []),
          t('type'),
          t('state'),
          t('attempts'),
          t('lastAnswer'),
          t('nextAttempt'),
          t('actions'),
        ]}
      >
        {deliveries.map((delivery) => (
          <Row
            key={delivery.id}
            cells={[
              <Instant at={delivery.createdAt} />,
              ...(endpoints ? [<Endpoint id={delivery.webhookId} endpoints={endpoints} />] : []),
              <>
                <Word of={delivery.type} />
                <p className="text-xs break-all text-quiet">{delivery.eventId}</p>
              </>,
              <Badge tone={TONES[delivery.state]}>{t(`delivery_${delivery.state}`)}</Badge>,
              delivery.attempts,
              delivery.lastStatus ?? (delivery.lastError ? <Word of={delivery.lastError} /> : '—'),
              delivery.nextAttemptAt ? <Instant at={delivery.nextAttemptAt} /> : '—',
              mayWork && delivery.state === 'dead' && (
                <Button
                  onClick={() =>
                    resend.mutate({ path: `/admin/dead-letters/${delivery.id}/resend`, method: 'POST' })
                  }
                >
                  {t('resend')}
                </Button>
              ),
            ]}
          />
        ))}
      </Table>
    </>
  );
}
