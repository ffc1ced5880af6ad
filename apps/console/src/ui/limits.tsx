import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { LimitState } from '../api/types.ts';
import { Badge } from './basics.tsx';
import { exact, Instant } from './time.tsx';
import { useNumbers } from './numbers.ts';
import { useWindowName } from './window-name.ts';
import { Word } from './word.tsx';

interface LimitsProps {
  readonly limits: readonly LimitState[];
  /** What exact times are in; absent: the zone of each rule. */
  readonly zone?: string | undefined;
  /** What can be done about a limit. */
  readonly action?: (limit: LimitState) => ReactNode;
}

export function keyOfLimit({ rule, window, meter }: Pick<LimitState, 'rule' | 'window' | 'meter'>): string {
  return `${rule} ${JSON.stringify(window)} ${meter}`;
}

/** A bar for each limit: used and held of max, where max comes from, and when it begins at 0 again. */
export function Limits({ limits, zone, action }: LimitsProps) {
  const windowName = useWindowName();
  const { t } = useTranslation();
  return (
    <ul className="flex flex-col gap-4">
      {limits.map((limit) => (
        <li key={keyOfLimit(limit)}>
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
            <span className="font-medium break-all">{limit.rule}</span>
            <span title={JSON.stringify(limit.window)}>{windowName(limit.window)}</span>
            <span className="text-quiet">{limit.meter}</span>
            <Badge tone={limit.source === 'rule' ? 'quiet' : 'warn'}>
              <Word of={limit.source} />
            </Badge>
            {limit.mode !== 'enforce' && (
              <Badge tone="warn">
                <Word of={limit.mode} />
              </Badge>
            )}
            {limit.soft && <Badge tone="quiet">{t('soft')}</Badge>}
            {limit.exceeded && <Badge tone="bad">{t('full')}</Badge>}
            <span className="ml-auto">{action?.(limit)}</span>
          </div>
          <Bar limit={limit} />
          <Reset limit={limit} zone={zone} />
        </li>
      ))}
    </ul>
  );
}

function Bar({ limit: { used, reserved, max, remaining, exceeded } }: { readonly limit: LimitState }) {
  const { t } = useTranslation();
  const { units } = useNumbers();
  const taken = used + reserved;
  const held = reserved > 0 ? ` + ${units(reserved)} ${t('held')}` : '';
  const text = `${units(used)}${held} / ${units(max)}`;
  return (
    <div className="mt-1 flex items-center gap-3">
      <progress
        aria-label={text}
        className={exceeded || remaining === 0 ? 'bar bar-full' : 'bar'}
        max={Math.max(1, max ?? taken)}
        value={max === null ? 0 : Math.min(taken, max)}
      />
      <span className="shrink-0 text-sm tabular-nums">{text}</span>
      {remaining !== null && (
        <span className="hidden shrink-0 text-sm text-quiet tabular-nums sm:inline">
          {t('free', { units: units(remaining) })}
        </span>
      )}
    </div>
  );
}

function Reset({ limit: { resetsAt, timeZone, window }, zone = timeZone }: ResetProps) {
  const { t, i18n } = useTranslation();
  if (!resetsAt) return window === 'total' ? <p className="text-xs text-quiet">{t('noEnd')}</p> : null;
  return (
    <p className="text-xs text-quiet">
      {t('resets')} <Instant at={resetsAt} timeZone={zone} /> · {exact(resetsAt, i18n.language, zone)}
    </p>
  );
}

interface ResetProps {
  readonly limit: LimitState;
  readonly zone: string | undefined;
}
