import { useTranslation } from 'react-i18next';
import type { LimitState } from '../api/types.ts';
import { Badge } from './basics.tsx';
import { Instant } from './time.tsx';

export function windowName(window: unknown): string {
  return typeof window === 'string' ? window : JSON.stringify(window);
}

/** A bar for each limit: used and held of max, where max comes from, and when it begins at 0 again. */
export function Limits({ limits }: { readonly limits: readonly LimitState[] }) {
  const { t } = useTranslation();
  return (
    <ul className="flex flex-col gap-3">
      {limits.map((limit) => (
        <li key={`${limit.rule} ${windowName(limit.window)} ${limit.meter}`}>
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
            <span className="font-medium break-all">{limit.rule}</span>
            <span>{windowName(limit.window)}</span>
            <span className="text-quiet">{limit.meter}</span>
            <Badge tone="quiet">{limit.source}</Badge>
            {limit.exceeded && <Badge tone="bad">{t('full')}</Badge>}
            {limit.resetsAt && (
              <span className="text-quiet">
                {t('resets')} <Instant at={limit.resetsAt} timeZone={limit.timeZone} />
              </span>
            )}
          </div>
          <Bar limit={limit} />
        </li>
      ))}
    </ul>
  );
}

function Bar({ limit: { used, reserved, max, exceeded } }: { readonly limit: LimitState }) {
  const { t } = useTranslation();
  const taken = used + reserved;
  const text = `${used}${reserved > 0 ? ` + ${reserved} ${t('held')}` : ''} / ${max ?? '∞'}`;
  return (
    <div className="mt-1 flex items-center gap-3">
      <progress
        aria-label={text}
        className={exceeded ? 'bar bar-full' : 'bar'}
        max={Math.max(1, max ?? taken)}
        value={max === null ? 0 : Math.min(taken, max)}
      />
      <span className="shrink-0 text-sm tabular-nums">{text}</span>
    </div>
  );
}
