import { useTranslation } from 'react-i18next';
import type { LedgerEvent } from '../../api/types.ts';
import { Row, Table } from '../../ui/basics.tsx';
import { Outcome, Why } from '../../ui/decisions.tsx';
import { RawJson } from '../../ui/disclosure.tsx';
import { useNumbers } from '../../ui/numbers.ts';
import { ExactTime } from '../../ui/time.tsx';

/** The events of one operation downwards in time, a column for each node. */
export function Timeline({ events }: { readonly events: readonly LedgerEvent[] }) {
  const { t } = useTranslation();
  const nodes = [...new Set(events.map(({ node }) => node))];
  const start = Date.parse(events[0]?.at ?? '');
  return (
    <Table
      label={t('timeline')}
      head={[t('at'), t('after'), ...nodes.map((node) => `${t('nodeName')} ${node}`)]}
    >
      {events.map((event) => (
        <Row
          key={event.id}
          cells={[
            <ExactTime at={event.at} />,
            <span className="whitespace-nowrap tabular-nums">+{Date.parse(event.at) - start} ms</span>,
            ...nodes.map((node) => event.node === node && <Happened key={node} event={event} />),
          ]}
        />
      ))}
    </Table>
  );
}

function Happened({ event }: { readonly event: LedgerEvent }) {
  const { t } = useTranslation();
  const numbers = useNumbers();
  const { kind, actor, amounts } = event;
  return (
    <div className="border-l-2 border-accent pl-2">
      <p className="flex flex-wrap items-center gap-2 font-medium">
        {t(`event_${kind}`)} <Outcome event={event} />
      </p>
      <Why event={event} />
      {amounts !== undefined && <p className="text-xs text-quiet">{numbers.amounts(amounts)}</p>}
      {actor && (
        <p className="text-xs text-quiet">
          {t('by')}: {actor}
        </p>
      )}
      <RawJson value={event} />
    </div>
  );
}
