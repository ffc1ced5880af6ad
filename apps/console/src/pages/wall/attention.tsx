import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { AlarmSentence } from '../../live/alarm-sentence.tsx';
import { alarmsIn } from '../../live/alarms.ts';
import type { LiveState } from '../../live/live-state.ts';
import type { Schemas } from '../../api/types.ts';
import { Badge, Empty } from '../../ui/basics.tsx';
import { Word } from '../../ui/word.tsx';
import { Instant } from '../../ui/time.tsx';

interface ListProps {
  readonly title: string;
  readonly to: '/alarms' | '/controls';
  readonly children: React.ReactNode;
}

function Panel({ title, to, children }: ListProps) {
  return (
    <section className="min-w-0 rounded-lg border border-line bg-card p-[0.9em]">
      <h2 className="mb-[0.5em] font-semibold">
        <Link to={to} className="underline-offset-2 hover:underline">
          {title}
        </Link>
      </h2>
      {children}
    </section>
  );
}

const ITEM = 'flex flex-wrap items-baseline gap-x-[0.6em] border-t border-line py-[0.45em] first:border-0';

/** The alarms of all nodes that hold. */
export function AlarmsThatHold({ live: { frame } }: { readonly live: LiveState }) {
  const { t } = useTranslation();
  const { shown, more } = frame ? alarmsIn(frame) : { shown: [], more: 0 };
  return (
    <Panel title={t('alarms')} to="/alarms">
      {shown.length + more === 0 && <Empty>{t('noAlarms')}</Empty>}
      <ul aria-label={t('alarms')}>
        {shown.map((alarm) => (
          <li key={alarm.id} className={ITEM}>
            <Badge tone={alarm.class === 'alarm' ? 'bad' : 'warn'}>
              <Word of={alarm.kind} />
            </Badge>
            <span className="min-w-0 flex-1 basis-[16em] break-words">
              <AlarmSentence alarm={alarm} />
            </span>
            <span className="text-[0.85em] text-quiet">
              {alarm.nodes.join(', ')} · <Instant at={alarm.raisedAt} />
            </span>
          </li>
        ))}
      </ul>
      {more > 0 && <p className="text-quiet">{t('more', { count: more })}</p>}
    </Panel>
  );
}

/** The gates, brakes and drills that are in force. */
export function ControlsThatHold({ live: { frame } }: { readonly live: LiveState }) {
  const { t } = useTranslation();
  const controls = frame?.controls ?? [];
  return (
    <Panel title={t('setByOperators')} to="/controls">
      {controls.length === 0 && <Empty>{t('noControls')}</Empty>}
      <ul aria-label={t('setByOperators')}>
        {controls.map((control) => (
          <Control
            key={`${control.kind} ${control.resource} ${control.state} ${control.until}`}
            {...control}
          />
        ))}
      </ul>
      {frame !== undefined && frame.moreControls > 0 && (
        <p className="text-quiet">{t('more', { count: frame.moreControls })}</p>
      )}
    </Panel>
  );
}

function Control({ kind, resource, state, percent, until, reason }: Schemas['LiveControl']) {
  const { t } = useTranslation();
  const words = {
    gate: () => t(`gate_${state}`),
    brake: () => t('turnedAway', { percent }),
    drill: () => t(`fault_${state}`),
  };
  return (
    <li className={ITEM}>
      <Badge tone={kind === 'gate' && state === 'closed' ? 'bad' : 'warn'}>{t(`kind_${kind}`)}</Badge>
      <span className="font-semibold break-all">{resource ?? t('allResources')}</span>
      <span className="min-w-0 flex-1 basis-[10em] break-words">
        {words[kind]()}
        {reason && <span className="text-quiet"> · {reason}</span>}
      </span>
      <span className="text-[0.85em] text-quiet">{until ? <Instant at={until} /> : t('untilChanged')}</span>
    </li>
  );
}
