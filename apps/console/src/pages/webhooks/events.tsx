import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/queries.ts';
import type { Schemas } from '../../api/types.ts';
import { Card, Empty, Row, Table } from '../../ui/basics.tsx';
import { RawJson } from '../../ui/disclosure.tsx';
import { CsvButton } from '../../ui/csv-button.tsx';
import { Filters, useWanted } from '../../ui/filters.tsx';
import { Pager } from '../../ui/pager.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { inReadersZone } from '../../ui/local-time.ts';
import { ExactTime } from '../../ui/time.tsx';
import { useWord, Word } from '../../ui/word.tsx';
import { EVENT_TYPES } from './event-types.ts';

type Event = Schemas['EventPage']['events'][number];

const COLUMNS = {
  time: (event: Event) => event.time,
  type: (event: Event) => event.type,
  subject: (event: Event) => event.subject,
  data: (event: Event) => event.data as object,
  id: (event: Event) => event.id,
};
const LIMIT = 100;
const THRESHOLDS = `curl -X PUT …/admin/rules/<id> -H 'authorization: Bearer <key>' -H 'content-type: application/json' \\
  -d '{"id":"<id>","resource":"ocr","per":["user"],"limits":[{"window":"day","max":10,"thresholds":[0.8,1]}]}'`;

/** The events that are kept for other systems, the oldest first, as `GET /admin/events` answers them. */
export function Events() {
  const { t } = useTranslation();
  const word = useWord();
  const wanted = useWanted();
  const { types, resource, rule, after } = wanted;
  const query = { types, resource, rule, after, limit: String(LIMIT) };
  const { data, error } = useRead<Schemas['EventPage']>('/admin/events', { query, everyMs: 5_000 });
  const filters = [
    {
      name: 'types',
      label: t('eventTypes'),
      choices: EVENT_TYPES.map((value) => ({ value, label: word(value) })),
    },
    { name: 'resource', label: t('resource') },
    { name: 'rule', label: t('rule') },
  ];
  const isFull = data?.events.length === LIMIT;
  return (
    <Card title={t('events')} actions={<CsvButton name="events" rows={data?.events} columns={COLUMNS} />}>
      <Filters key={JSON.stringify(wanted)} {...{ filters, wanted }} to="/webhooks" keep={['dead']} />
      <ProblemNote error={error} />
      {data?.events.length === 0 && <Empty command={THRESHOLDS}>{t('noEvents')}</Empty>}
      {data !== undefined && data.events.length > 0 && (
        <Table label={t('events')} head={[t('at'), t('type'), t('about'), t('details')]}>
          {data.events.map((event) => (
            <Row
              key={event.id}
              cells={[
                <ExactTime at={inReadersZone(event.time)} />,
                <Word of={event.type.replace('sundial.', '')} />,
                <span className="break-all">{event.subject}</span>,
                <RawJson value={event} />,
              ]}
            />
          ))}
        </Table>
      )}
      <Pager next={isFull ? data.next : undefined} name="after" />
    </Card>
  );
}
