import { useTranslation } from 'react-i18next';
import type { LedgerEvent } from '../api/types.ts';
import { Badge, Row, Table } from './basics.tsx';
import { RawJson } from './disclosure.tsx';
import { OperationLink, SubjectLink } from './links.tsx';
import { useNumbers } from './numbers.ts';
import { ExactTime } from './time.tsx';
import { useWindowName } from './window-name.ts';
import { Word } from './word.tsx';

/** Decisions of the ledger, each with why, and with a link to all that is known of its operation. */
export function Decisions({ decisions }: { readonly decisions: readonly LedgerEvent[] }) {
  const { t } = useTranslation();
  const head = [t('at'), t('resource'), t('subject'), t('outcome'), t('why'), t('operation'), t('details')];
  return (
    <Table label={t('decisions')} head={head}>
      {decisions.map((event) => (
        <Row
          key={event.id}
          cells={[
            <ExactTime at={event.at} />,
            event.resource ?? '—',
            <SubjectLink subject={event.subject} />,
            <Outcome event={event} />,
            <Why event={event} />,
            <OperationLink id={event.operationId} />,
            <RawJson value={event} />,
          ]}
        />
      ))}
    </Table>
  );
}

export function Outcome({ event }: { readonly event: LedgerEvent }) {
  const { t } = useTranslation();
  const { outcome, count, replayed, degraded } = event;
  return (
    <span className="flex flex-wrap gap-1">
      <Badge tone={outcome === 'allowed' ? 'good' : outcome === 'denied' ? 'bad' : 'quiet'}>
        <Word of={outcome} />
      </Badge>
      {count !== undefined && <span>× {count}</span>}
      {Boolean(replayed) && <Badge tone="quiet">{t('replayed')}</Badge>}
      {Boolean(degraded) && <Badge tone="warn">{t('degraded')}</Badge>}
    </span>
  );
}

interface SeenLimit {
  readonly rule: string;
  readonly window: unknown;
  readonly meter: string;
  readonly used: number;
  readonly max: number | null;
  readonly exceeded?: boolean;
}

/** The others are in the event's JSON. */
const MOST_LIMITS = 4;

/** The reason, and the limits that refused, or else those that were counted: the first of them. */
export function Why({ event }: { readonly event: LedgerEvent }) {
  const { t } = useTranslation();
  const windowName = useWindowName();
  const { units } = useNumbers();
  const limits = (Array.isArray(event.limits) ? event.limits : []) as readonly SeenLimit[];
  const refusing = limits.filter(({ exceeded }) => exceeded);
  const all = refusing.length > 0 ? refusing : limits;
  return (
    <>
      {typeof event.reason === 'string' && (
        <p>
          <Word of={event.reason} />
        </p>
      )}
      {all.slice(0, MOST_LIMITS).map(({ rule, window, meter, used, max }, index) => (
        <p key={index} className="text-xs text-quiet">
          {rule} · {windowName(window)} · {units(used)} / {units(max)} {meter}
        </p>
      ))}
      {all.length > MOST_LIMITS && (
        <p className="text-xs text-quiet">{t('more', { count: all.length - MOST_LIMITS })}</p>
      )}
    </>
  );
}
