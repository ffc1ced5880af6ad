import { useTranslation } from 'react-i18next';
import { useNumbers } from '../../ui/numbers.ts';
import { UNKNOWN, type LiveState } from '../../live/live-state.ts';

/** The numbers of this second, of all nodes together. */
export function Figures({ live: { points, status } }: { readonly live: LiveState }) {
  const { t } = useTranslation();
  const { rate, ms } = useNumbers();
  const { allowed, denied, degraded, refused, shed, p50, p99 } = points.at(-1) ?? UNKNOWN;
  const all = allowed === null || denied === null || degraded === null ? null : allowed + denied + degraded;
  return (
    <dl
      className={`mb-[0.75em] grid grid-cols-2 gap-[0.75em] sm:grid-cols-3 xl:grid-cols-6 ${status === 'lost' ? 'opacity-60' : ''}`}
    >
      <Figure name={t('decisionsRate')} value={rate(all)} />
      <Outcome name={t('allowedRate')} value={allowed} all={all} />
      <Outcome name={t('deniedRate')} value={denied} all={all} />
      <Outcome name={t('degradedRate')} value={degraded} all={all} isBad />
      <Figure name={t('latency')} value={ms(p99)} more={`p99 · p50 ${ms(p50)}`} />
      <Figure
        name={t('refusedRequests')}
        value={rate(refused)}
        more={t('shedChecks', { rate: rate(shed) })}
        isBad={shed !== null && shed > 0}
      />
    </dl>
  );
}

interface OutcomeProps {
  readonly name: string;
  readonly value: number | null;
  readonly all: number | null;
  readonly isBad?: boolean;
}

/** Its share of all decisions, and how many that are. */
function Outcome({ name, value, all, isBad = false }: OutcomeProps) {
  const { t } = useTranslation();
  const { rate, share } = useNumbers();
  const part = all && value !== null ? share(value / all) : '–';
  return (
    <Figure
      name={name}
      value={part}
      more={t('rateOf', { rate: rate(value) })}
      isBad={isBad && Boolean(value)}
    />
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly more?: string;
  readonly isBad?: boolean;
}

function Figure({ name, value, more, isBad = false }: FigureProps) {
  return (
    <div className="min-w-0 rounded-lg border border-line bg-card px-[0.9em] py-[0.7em]">
      <dt className="text-[0.9em] text-quiet">{name}</dt>
      <dd className={`text-[2.2em] leading-tight font-semibold tabular-nums ${isBad ? 'text-bad' : ''}`}>
        {value}
      </dd>
      {more && <dd className="text-[0.8em] text-quiet tabular-nums">{more}</dd>}
    </div>
  );
}
