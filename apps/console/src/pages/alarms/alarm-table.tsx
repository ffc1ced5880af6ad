import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../api/types.ts';
import { AlarmSentence } from '../../live/alarm-sentence.tsx';
import { Badge, Row, Table } from '../../ui/basics.tsx';
import { Instant } from '../../ui/time.tsx';
import { useWord, Word } from '../../ui/word.tsx';

type Alarm = Schemas['Alarm'];

export const ALARM_KINDS: readonly Alarm['kind'][] = [
  ...([
    'consecutive',
    'sustained',
    'spread',
    'error-rate',
    'refusal-rate',
    'volume',
    'holds-expired',
  ] as const),
  ...(['refused-keys', 'ledger-mismatch', 'degraded-mode', 'over-admission', 'journal-overflow'] as const),
  ...(['clock-offset', 'unfit-store', 'full-store', 'unwritable-file', 'control-in-force'] as const),
  ...(['wrong-type-key', 'uncertain-interval'] as const),
];

export const ALARM_COLUMNS = {
  raisedAt: (alarm: Alarm) => alarm.raisedAt,
  clearedAt: (alarm: Alarm) => alarm.clearedAt,
  class: (alarm: Alarm) => alarm.class,
  kind: (alarm: Alarm) => alarm.kind,
  pattern: (alarm: Alarm) => alarm.pattern,
  channel: (alarm: Alarm) => alarm.channel,
  summary: (alarm: Alarm) => alarm.summary,
  evidence: (alarm: Alarm) => alarm.evidence,
};

interface AlarmTableProps {
  readonly label: string;
  readonly alarms: readonly Alarm[];
}

/** A line for each incident: what it is, of what, since when, and what was seen. */
export function AlarmTable({ label, alarms }: AlarmTableProps) {
  const { t } = useTranslation();
  return (
    <Table
      label={label}
      head={[t('what'), t('channel'), t('since'), t('cleared'), t('evidence'), t('decisions')]}
    >
      {alarms.map((alarm) => (
        <Row
          key={alarm.id}
          cells={[
            <What alarm={alarm} />,
            alarm.channel ? `${alarm.channel.resource} · ${alarm.channel.dependency}` : t('wholeNode'),
            <Instant at={alarm.raisedAt} />,
            alarm.clearedAt ? <Instant at={alarm.clearedAt} /> : '—',
            <Evidence evidence={alarm.evidence} />,
            <Decisions alarm={alarm} />,
          ]}
        />
      ))}
    </Table>
  );
}

function What({ alarm }: { readonly alarm: Alarm }) {
  const { t } = useTranslation();
  return (
    <div className="min-w-40">
      <p className="flex flex-wrap items-center gap-2 font-medium">
        <Word of={alarm.kind} />
        <Badge tone={alarm.class === 'alarm' ? 'bad' : 'warn'}>
          <Word of={alarm.class} />
        </Badge>
        {alarm.scope && <Badge tone="quiet">{t('allNodes')}</Badge>}
      </p>
      <p className="text-xs text-quiet">
        <AlarmSentence alarm={alarm} />
      </p>
    </div>
  );
}

/** What the service says in sentences of its own. */
const IN_ENGLISH = ['findings', 'inForce'];

/** Numbers and words that were seen when it was raised. */
function Evidence({ evidence }: { readonly evidence: Alarm['evidence'] }) {
  const { t, i18n } = useTranslation();
  const word = useWord();
  const nameOf = (name: string) =>
    i18n.exists(`evidence_${name}`) ? t(`evidence_${name}` as never) : word(name);
  const textOf = (name: string, each: number | string) =>
    name === 'conditions' && i18n.exists(`finding_${each}`)
      ? t(`finding_${each}` as never)
      : word(String(each));
  return (
    <ul className="text-xs">
      {Object.entries(evidence).map(([name, value]) => (
        <li key={name} className="break-words">
          <span className="text-quiet">{nameOf(name)}:</span>{' '}
          {IN_ENGLISH.includes(name) ? (
            <span lang="en">{[value].flat().join('; ')}</span>
          ) : (
            [value]
              .flat()
              .map((each) => textOf(name, each))
              .join('; ')
          )}
        </li>
      ))}
    </ul>
  );
}

/** What was decided while it held. */
function Decisions({ alarm: { channel, raisedAt, clearedAt } }: { readonly alarm: Alarm }) {
  const { t } = useTranslation();
  const search = {
    ...(channel && { resource: channel.resource }),
    ...{ from: raisedAt, ...(clearedAt && { to: clearedAt }) },
  };
  return (
    <Link to="/trace" search={search as never} className="text-accent underline">
      {t('show')}
    </Link>
  );
}
