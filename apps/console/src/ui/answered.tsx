import { useTranslation } from 'react-i18next';
import type { Schemas } from '../api/types.ts';
import { Badge } from './basics.tsx';
import { Limits } from './limits.tsx';
import { Word } from './word.tsx';

interface AnsweredProps {
  readonly answer: Schemas['RuleTried'];
  /** Whether it counted, or would have. */
  readonly isCounted: boolean;
}

/** The answer to a check: whether it may, why, and every limit. */
export function Answered({ answer, isCounted }: AnsweredProps) {
  const { t } = useTranslation();
  const { allowed, reason, limits, onDeny, retryAfterMs, warnings = [], wouldDeny } = answer;
  return (
    <div role="status" className="mt-3 border-t border-line pt-3">
      <p className="mb-2 flex flex-wrap items-center gap-2 text-sm">
        <Badge tone={allowed ? 'good' : 'bad'}>{allowed ? t('allowed') : t('denied')}</Badge>
        <Word of={reason} />
        <span className="text-quiet">{isCounted ? t('wasCounted') : t('notCounted')}</span>
        {retryAfterMs !== undefined && (
          <span className="text-quiet">{t('roomIn', { seconds: Math.ceil(retryAfterMs / 1_000) })}</span>
        )}
        {wouldDeny && <Badge tone="warn">{t('wouldDeny')}</Badge>}
      </p>
      {onDeny && (
        <p className="mb-2 text-sm">
          <code>{onDeny.code}</code> {onDeny.message} {onDeny.action && <code>{onDeny.action}</code>}
        </p>
      )}
      {warnings.map(({ rule, onWarn, message }, index) => (
        <p key={index} className="mb-2 text-sm text-warn">
          {rule} <code>{onWarn?.code}</code> {onWarn?.message ?? message}
        </p>
      ))}
      <Limits limits={limits} />
    </div>
  );
}
