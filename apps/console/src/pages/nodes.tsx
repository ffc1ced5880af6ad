import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNumbers } from '../ui/numbers.ts';
import { LiveBadge } from '../live/live-badge.tsx';
import { DEAD_AFTER_MS, decisionsIn, type GoneNode, type LiveNode } from '../live/live-state.ts';
import { useLive } from '../live/use-live.ts';
import { Badge, Card, Empty, PageTitle, Row, Table } from '../ui/basics.tsx';
import { Instant } from '../ui/time.tsx';

/** The nodes that share the store, as the one that answers knows them. */
export function Page() {
  const { t } = useTranslation();
  const live = useLive();
  const { frame, gone } = live;
  const isAlone = frame?.nodes.length === 1 && frame.nodes[0]?.report?.store.kind === 'embedded';
  return (
    <div data-live={live.status}>
      <div className="flex flex-wrap items-baseline gap-3">
        <PageTitle>{t('nodes')}</PageTitle>
        <LiveBadge live={live} />
      </div>
      {frame !== undefined && !isAlone && frame.nodesReadMsAgo > DEAD_AFTER_MS && (
        <p role="status" className="mb-3 rounded border border-bad p-3 text-sm text-bad">
          {t('listIsOld', { seconds: Math.round(frame.nodesReadMsAgo / 1_000) })}
        </p>
      )}
      <Card>
        {frame && <Nodes nodes={frame.nodes} answering={frame.node} gone={gone} />}
        {isAlone && (
          <div className="mt-3">
            <Empty command="REDIS_URL=redis://localhost:6379 npm start">{t('aloneHint')}</Empty>
          </div>
        )}
      </Card>
    </div>
  );
}

interface NodesProps {
  readonly nodes: readonly LiveNode[];
  readonly gone: readonly GoneNode[];
  readonly answering: string;
}

function Nodes({ nodes, gone, answering }: NodesProps) {
  const { t } = useTranslation();
  const head = [
    ...[t('nodeName'), t('mode'), t('decisionsRate'), t('latencyColumn'), t('load'), t('journal')],
    ...[t('rulesVersion'), t('version'), t('startedAt'), t('lastHeard')],
  ];
  const cellsOf = useCells();
  return (
    <Table label={t('nodes')} head={head}>
      {nodes.map((node) => (
        <Row key={node.id} cells={cellsOf(node, node.id === answering)} />
      ))}
      {gone.map(({ id, name, heardAt }) => (
        <Row
          key={id}
          cells={[
            name,
            <Badge tone="bad">{t('node_gone')}</Badge>,
            ...['–', '–', '–', '–', '–', '–', '–'],
            <Instant at={new Date(heardAt).toISOString()} />,
          ]}
        />
      ))}
    </Table>
  );
}

function useCells() {
  const { t } = useTranslation();
  const { rate, share, ms } = useNumbers();
  return (
    { id, report, rulesVersion, heardMsAgo }: LiveNode,
    isAnswering: boolean,
  ): readonly React.ReactNode[] => {
    const heard = t('heardAgo', { seconds: Math.round(heardMsAgo / 1_000) });
    if (report === null)
      return [
        <span title={t('noReport')}>{id.slice(0, 8)}</span>,
        <Badge tone="quiet">{t('node_silent')}</Badge>,
        ...['–', '–', '–', '–', String(rulesVersion), '–', '–', heard],
      ];
    const { name, version, startedAt, store, load, perSecond, latencyMs } = report;
    return [
      <>
        <span className="font-semibold">{name}</span>
        {isAnswering && (
          <Link to="/node" className="block text-xs text-accent underline">
            {t('thisAnswers')}
          </Link>
        )}
      </>,
      <Badge tone={store.mode === 'exact' ? 'good' : 'bad'}>
        {t(`mode_${store.mode}`)} {store.cause ?? ''}
      </Badge>,
      rate(perSecond && decisionsIn(perSecond)),
      latencyMs ? `${ms(latencyMs.p50)} / ${ms(latencyMs.p99)}` : '–',
      <>
        {share(load.eventLoop)}
        <span className="block text-xs text-quiet">{t('inFlight', { count: load.inFlight })}</span>
      </>,
      rate(store.pending),
      String(rulesVersion),
      version,
      <Instant at={startedAt} />,
      heard,
    ];
  };
}
