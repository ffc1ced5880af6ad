import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useNumbers } from '../../ui/numbers.ts';
import { decisionsIn, type GoneNode, type LiveNode, type LiveState } from '../../live/live-state.ts';
import { useNow } from '../../live/use-now.ts';
import { Badge } from '../../ui/basics.tsx';

/** Each node: whether its store decides, and what it bears. */
export function NodeTiles({ live: { frame, gone } }: { readonly live: LiveState }) {
  const { t } = useTranslation();
  const nodes = [...(frame?.nodes ?? [])].sort((one, other) => nameOf(one).localeCompare(nameOf(other)));
  return (
    <section className="mt-[0.75em]">
      <h2 className="mb-[0.5em] font-semibold">
        <Link to="/nodes" className="underline-offset-2 hover:underline">
          {t('nodes')}
        </Link>
      </h2>
      <ul
        aria-label={t('nodes')}
        className="grid grid-cols-1 gap-[0.75em] sm:grid-cols-[repeat(auto-fill,minmax(15em,1fr))]"
      >
        {gone.map((node) => (
          <Gone key={node.id} {...node} />
        ))}
        {nodes.map((node) => (
          <Tile key={node.id} node={node} />
        ))}
      </ul>
    </section>
  );
}

const TILE = 'min-w-0 rounded-lg border bg-card px-[0.9em] py-[0.7em]';

function Tile({ node }: { readonly node: LiveNode }) {
  const { t } = useTranslation();
  const { rate, share } = useNumbers();
  const { report } = node;
  const isDegraded = report?.store.mode === 'degraded';
  return (
    <li className={`${TILE} ${isDegraded ? 'border-bad' : 'border-line'}`}>
      <Head name={nameOf(node)}>
        {report ? (
          <Badge tone={isDegraded ? 'bad' : 'good'}>{t(`mode_${report.store.mode}`)}</Badge>
        ) : (
          <Badge tone="quiet">{t('node_silent')}</Badge>
        )}
      </Head>
      <p className="text-[1.3em] font-semibold tabular-nums">
        {t('rateOf', { rate: rate(report?.perSecond && decisionsIn(report.perSecond)) })}
      </p>
      {report && (
        <p className="text-[0.8em] text-quiet tabular-nums">
          {t('load')} {share(report.load.eventLoop)} · {t('journal')} {rate(report.store.pending)}
        </p>
      )}
    </li>
  );
}

function Gone({ name, heardAt }: GoneNode) {
  const { t } = useTranslation();
  const seconds = Math.max(0, Math.round((useNow() - heardAt) / 1_000));
  return (
    <li className={`${TILE} border-bad`}>
      <Head name={name}>
        <Badge tone="bad">{t('node_gone')}</Badge>
      </Head>
      <p className="text-[0.8em] text-quiet">
        {t('lastHeard')} {t('heardAgo', { seconds })}
      </p>
    </li>
  );
}

function Head({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <p className="flex items-baseline justify-between gap-[0.5em]">
      <span className="min-w-0 truncate font-semibold" title={name}>
        {name}
      </span>
      {children}
    </p>
  );
}

function nameOf({ id, report }: LiveNode): string {
  return report?.name ?? id.slice(0, 8);
}
